"""The analyst's file of names: what is read, and what is refused in words that help."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.core.profiles.names import MAX_LENGTH, NamesError, read_names


def written(folder: Path, *lines: str, header: str = "modality,identity,name") -> Path:
    path = folder / "names.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_no_file_is_no_names(tmp_path: Path) -> None:
    assert read_names(tmp_path / "names.csv") == {}


def test_names_are_read_by_modality_and_identity(tmp_path: Path) -> None:
    path = written(tmp_path, "image,style-3f2a,通勤西装", "", ",,", "text,topic-91bc, 周末探店 ")
    assert read_names(path) == {
        ("image", "style-3f2a"): "通勤西装",
        ("text", "topic-91bc"): "周末探店",
    }


def test_columns_may_stand_in_any_order_and_excel_may_have_saved_the_file(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_bytes('\ufeffname, identity,modality\r\n"大衣, 长款",style-1,image\r\n'.encode())
    assert read_names(path) == {("image", "style-1"): "大衣, 长款"}


def test_a_cell_without_end_is_refused_in_a_sentence(tmp_path: Path) -> None:
    limit = csv.field_size_limit(131_072)  # of the process; reading a crawl raises it
    try:
        with pytest.raises(
            NamesError, match=r"names.csv: line 1 has a cell without end: is a quotation mark"
        ):
            read_names(written(tmp_path, *["image,style-1,x"] * 10_000, header='modality,identity,"name'))
        with pytest.raises(NamesError, match=r"names.csv: line 2 has a cell without end"):
            read_names(written(tmp_path, "image,style-1," + "x" * 200_000))
    finally:
        csv.field_size_limit(limit)


def test_a_style_and_a_topic_may_have_the_same_name(tmp_path: Path) -> None:
    assert len(read_names(written(tmp_path, "image,style-1,国风", "text,topic-1,国风"))) == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("style,style-1,国风", "line 3: modality is 'style', and should be image or text"),
        ("image,,国风", "line 3: identity is ''"),
        ("image,style 1,国风", "like style-3f2a"),
        ("image,style-0,国风", "line 3: image style-0 has a name in line 2 already"),
        ("image,style-1,大衣", "the name '大衣' is that of style-0 (line 2) already"),
        ("image,style-1,", "it has no name"),
        ("image,style-1", "it has no name"),
        ("image,style-1,国风,新中式", "more than three cells"),
        (f"image,style-1,{'长' * (MAX_LENGTH + 1)}", f"has {MAX_LENGTH + 1} characters, and may have"),
        ('image,style-1,"=HYPERLINK(""x"")"', "begins like a spreadsheet formula (=)"),
        ("image,style-1,@某人", "begins like a spreadsheet formula (@)"),
        ("image,style-1,<b>国风</b>", "looks like HTML"),
        ("image,style-1,国风&amp;汉服", "looks like HTML"),
        ('image,style-1,"国\n风"', "a line break"),
        ("image,style-1,国风\u202e", "a character that cannot be seen"),
        ("image,style-1,···", "no letter and no digit"),
    ],
)
def test_a_wrong_line_is_named_with_what_is_wrong(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(NamesError) as error:
        read_names(written(tmp_path, "image,style-0,大衣", line))
    assert said in str(error.value)
    assert "names.csv" in str(error.value)


def test_several_wrong_lines_are_named_together(tmp_path: Path) -> None:
    lines = [f"image,style-{i}," for i in range(8)]
    with pytest.raises(NamesError, match=r"line 2: .*line 6: .*; and 3 more"):
        read_names(written(tmp_path, *lines))


def test_another_header_is_said(tmp_path: Path) -> None:
    with pytest.raises(NamesError, match="the first line should be 'modality,identity,name'"):
        read_names(written(tmp_path, "image,style-1,国风", header="modality|identity|name"))
    with pytest.raises(NamesError, match="the first line"):
        read_names(written(tmp_path, header=""))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "，"])
def test_the_file_is_read_as_excel_and_wps_save_it(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "names.csv"
    text = "Modality,identity,name\r\nimage,style-1,国风\r\n".replace(",", delimiter)
    path.write_bytes(text.encode(encoding))
    assert read_names(path) == {("image", "style-1"): "国风"}


def test_a_file_in_another_encoding_is_said(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_bytes("modality,identity,name\nimage,style-1,Café\n".encode("latin-1"))
    with pytest.raises(NamesError, match="CSV UTF-8"):
        read_names(path)


@given(content=st.text(max_size=200))
def test_any_file_gives_safe_names_or_one_clear_error(
    tmp_path_factory: pytest.TempPathFactory, content: str
) -> None:
    path = tmp_path_factory.mktemp("names") / "names.csv"
    path.write_text(f"modality,identity,name\nimage,style-1,{content}\n", encoding="utf-8", newline="")
    try:
        names = read_names(path)
    except NamesError:
        return
    for name in names.values():
        assert 1 <= len(name) <= MAX_LENGTH
        assert name.isprintable()
        assert not name.startswith(("=", "+", "-", "@"))
        assert "<" not in name
