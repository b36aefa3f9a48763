from __future__ import annotations

from pathlib import Path

import pytest

from mkt_assets.core.text.text_files import detect_encoding, first_character, open_text

TEXT = "标题,内容\n今天穿什么,白色外套\n"


def read(path: Path) -> str:
    with open_text(path, detect_encoding(path)) as stream:
        return stream.read()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_text_is_read_in_the_encoding_it_was_written_in(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    path = tmp_path / "a"
    path.write_bytes((mark + TEXT).encode(encoding))
    assert detect_encoding(path).note is None
    assert read(path).lstrip("\ufeff") == TEXT


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_wide_characters_are_known_with_and_without_a_mark(tmp_path: Path, encoding: str, mark: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(f"{mark}note_id,{TEXT}😀".encode(encoding))
    assert read(path).lstrip("\ufeff") == f"note_id,{TEXT}😀"
    assert first_character(path.read_bytes()) == "n"


def test_a_last_character_cut_in_half_leaves_the_file_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes((TEXT * 3 + "衣服").encode()[:-1])
    assert detect_encoding(path).name == "utf-8"
    assert read(path) == TEXT * 3 + "衣\ufffd"


def test_utf8_with_one_bad_byte_is_not_taken_for_gb18030(tmp_path: Path) -> None:
    path = tmp_path / "a"
    bad_line = "好好".encode() + b"\x81\x40\n"
    path.write_bytes("好好\n".encode() * 5 + bad_line)
    path.read_bytes().decode("gb18030")  # the trap: these bytes are valid in both
    encoding = detect_encoding(path)
    assert encoding.name == "utf-8"
    assert encoding.note is not None
    assert read(path).startswith("好好\n" * 5)


def test_bytes_of_no_encoding_are_replaced_and_noted(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc\xff\xff\n")
    assert detect_encoding(path).note is not None
    assert read(path) == "abc\ufffd\ufffd\n"
