from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.resources.tags import TagError, Tags, plain_tag


def test_tags_are_given_and_taken_and_outlast_the_program(tmp_path: Path) -> None:
    tags = Tags(tmp_path / "tags.csv")
    assert tags.all() == {}
    assert tags.change("夏季 主推", ["p1", "p2"], give=True) == 2
    assert tags.change("夏季 主推", ["p2", "p3"], give=True) == 3
    assert tags.change("夏季 主推", ["p1"], give=False) == 2
    assert Tags(tags.path).all() == {"夏季 主推": {"p2", "p3"}}
    assert tags.change("夏季 主推", ["p2", "p3"], give=False) == 0
    assert tags.all() == {}


def test_the_file_is_hers_to_change_in_a_table_program(tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    path.write_text("\ufefftag,post_id\r\n'=1+1,p1\r\n红,p2\r\n", "utf-8")
    tags = Tags(path)
    assert tags.all() == {"=1+1": {"p1"}, "红": {"p2"}}
    tags.change("红", ["p3"], give=True)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert "'=1+1,p1" in path.read_text("utf-8-sig")


def test_of_a_post_that_is_forgotten_no_tag_is_left(tmp_path: Path) -> None:
    tags = Tags(tmp_path / "tags.csv")
    tags.forget(["p1"])
    assert not tags.path.exists()
    tags.change("看", ["p1", "p2"], give=True)
    tags.change("她", ["p1"], give=True)
    tags.forget(["p1", "p9"])
    assert tags.all() == {"看": {"p2"}}
    assert "p1" not in tags.path.read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a,b\n", "begins with 'a,b'"),
        (b"tag,post_id\nx\n", "line 2"),
        (b"tag,post_id\n,p1\n", "1 to 40 characters"),
        (b"tag,post_id\ncaf\xe9\n", "not UTF-8, UTF-16 or GBK"),
    ],
)
def test_another_file_in_its_place_is_said_and_left_as_it_is(
    tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "tags.csv"
    path.write_bytes(content)
    with pytest.raises(TagError, match=says):
        Tags(path).change("x", ["p"], give=True)
    assert path.read_bytes() == content


@given(st.text(max_size=60))
def test_a_tag_is_refused_or_comes_back_as_it_was_given(text: str) -> None:
    try:
        name = plain_tag(text)
    except TagError:
        return
    assert plain_tag(name) == name


def test_what_a_table_program_made_of_the_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    path.write_bytes("tag;post_id\r\n夏季 主推;p1\r\n".encode("gbk"))
    assert Tags(path).all() == {"夏季 主推": {"p1"}}
    assert Tags(path).change("夏季 主推", ["p2"], give=True) == 2
    assert Tags(path).all() == {"夏季 主推": {"p1", "p2"}}
