from __future__ import annotations

import random
import struct
import tempfile
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from mkt_assets.crawlers.base import BadRow, FileRefusedError, Limits, Row
from mkt_assets.crawlers.workbook_files import WorkbookFormat

LIMITS = Limits(max_field_characters=50, max_row_characters=120, max_columns=4)
Sheets = dict[str, list[list[object]]]


def write(path: Path, sheets: Sheets) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def read(path: Path, limits: Limits = LIMITS) -> list[Row | BadRow]:
    with path.open("rb") as stream:
        assert WorkbookFormat().opens(stream.read(4096))
    return list(WorkbookFormat().read(path, limits, lambda columns: "id" in columns).rows)


def values(rows: list[Row | BadRow]) -> dict[int, dict[str, str] | None]:
    return {row.number: dict(row.values) if isinstance(row, Row) else None for row in rows}


def test_rows_stand_under_their_header_and_empty_cells_are_no_values(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", {"s": [["id", " t "], ["a", "白衣"], [], ["b", None], [None, "c"]]})
    rows = read(path)
    assert values(rows) == {1: {"id": "a", "t": "白衣"}, 2: {"id": "b"}, 3: {"t": "c"}}
    assert all(isinstance(row, Row) and row.columns == {"id", "t"} for row in rows)


def test_a_text_that_begins_with_an_equals_sign_is_a_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", {"s": [["id", "t"], ["a", "=^_^= 裙子"], ["b", "=SUM(A1:A2)"]]})
    assert values(read(path)) == {1: {"id": "a", "t": "=^_^= 裙子"}, 2: {"id": "b", "t": "=SUM(A1:A2)"}}


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ('<c t="n"><f>B1+1</f><v>7</v></c>', "7"),
        ('<c t="str"><f>A1&amp;"衣"</f><v>a衣</v></c>', "a衣"),
        ('<c t="str"><f>A1&amp;""</f><v></v></c>', None),
        ("<c><f>B1-B1</f><v>0</v></c>", "0"),
        ("<c><f>1-1</f><v>0</v></c>", "0"),
        ('<c t="e"><f>VLOOKUP(A1,B:C,2)</f><v>#N/A</v></c>', None),
        ("<c><f>^_^=</f><v>0</v></c>", "=^_^="),
        ('<c t="e"><f>===裙===</f><v>#NAME?</v></c>', "====裙==="),
        ("<c><f>SUM(A1:A2)</f></c>", "=SUM(A1:A2)"),
    ],
)
def test_a_formula_is_what_it_came_to_and_what_is_none_is_a_text(
    tmp_path: Path, cell: str, shown: str | None
) -> None:
    header = '<row><c t="str"><v>id</v></c><c t="str"><v>t</v></c></row>'
    sheet = f'{header}<row><c t="str"><v>a</v></c>{cell}</row>'
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet><sheetData>{sheet}</sheetData></worksheet>")
    assert values(read(tmp_path / "a.xlsx")) == {1: {"id": "a"} | ({"t": shown} if shown else {})}


@pytest.mark.parametrize(
    ("part", "program"),
    [("content.xml", ".ods"), ("xl/workbook.bin", ".xlsb"), ("Index/Document.iwa", "Numbers")],
)
def test_another_programs_spreadsheet_is_refused_with_what_to_save_it_as(
    tmp_path: Path, part: str, program: str
) -> None:
    path = tmp_path / "a"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(part, b"x")
    with pytest.raises(FileRefusedError, match=rf"{program}.*save it as \.xlsx"):
        read(path)


def test_numbers_that_lost_digits_are_not_written_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", {"s": [["id", "t"], [6.90103160000000012e23, 7312345678901230000]]})
    assert values(read(path)) == {1: {"id": "6.9010316e+23", "t": "7.31234567890123e+18"}}


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", {"s": [["id", "t"], [1718500000000, 1.5], [10**14, True]]})
    assert values(read(path)) == {
        1: {"id": "1718500000000", "t": "1.5"},
        2: {"id": "100000000000000", "t": "1"},
    }


@pytest.mark.parametrize("epoch", [CALENDAR_WINDOWS_1900, CALENDAR_MAC_1904])
def test_dates_that_a_spreadsheet_made_of_texts_are_texts_again(tmp_path: Path, epoch: datetime) -> None:
    book = openpyxl.Workbook()
    book.epoch = epoch
    sheet = book.worksheets[0]
    for row in (
        ["id", "t", "u", "v"],
        ["a", date(2024, 6, 11), datetime(2024, 6, 11, 10, 0, 7), time(9, 30)],
    ):
        sheet.append(row)
    sheet["A3"], sheet["B3"] = "b", 45454
    sheet["B3"].number_format = '"days" 0'
    book.save(tmp_path / "a.xlsx")
    assert values(read(tmp_path / "a.xlsx")) == {
        1: {"id": "a", "t": "2024-06-11", "u": "2024-06-11 10:00:07", "v": "09:30:00"},
        2: {"id": "b", "t": "45454"},
    }


def test_known_sheets_are_read_one_after_another_and_others_are_not(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.xlsx", {"x": [["other"], ["1"]], "y": [["id"], ["a"]], "z": [["id", "t"], ["b", "c"]]}
    )
    assert values(read(path)) == {1: {"id": "a"}, 2: {"id": "b", "t": "c"}}


def test_a_header_may_change_further_down(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", {"s": [["id"], ["a"], ["t", "id"], ["c", "b"]]})
    assert values(read(path)) == {1: {"id": "a"}, 2: {"t": "c", "id": "b"}}


def test_rows_beyond_a_limit_or_the_header_are_rejected_alone(tmp_path: Path) -> None:
    rows: list[list[object]] = [["id", "t"], ["a", "x" * 51], ["b", "c", "d"], ["e", *"fghi"], ["j", "k"]]
    assert values(read(write(tmp_path / "a.xlsx", {"s": rows}))) == {
        1: None,
        2: None,
        3: None,
        4: {"id": "j", "t": "k"},
    }


def test_a_workbook_of_nothing_known_is_refused(tmp_path: Path) -> None:
    late: list[list[object]] = [["id"] if n == 10 else ["x"] for n in range(11)]
    books: list[Sheets] = [{"s": [["other"], ["a"]]}, {"s": []}, {"s": late}]
    for sheets in books:
        with pytest.raises(FileRefusedError, match="no sheet"):
            read(write(tmp_path / "a.xlsx", sheets))


def test_a_title_an_index_and_a_repeated_column_cost_no_row(tmp_path: Path) -> None:
    rows: list[list[object]] = [["title"], [None, "id", "t", "t"], [0, "a", "b", None], [1, "c", "d", "e"]]
    assert values(read(write(tmp_path / "a.xlsx", {"s": rows}))) == {
        1: None,
        2: {"id": "a", "t": "b"},
        3: {"id": "c", "t": "d"},
    }


def test_a_cell_that_shows_an_error_has_no_value(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", {"s": [["id", "t"], ["a", "#N/A"]]})
    assert values(read(path)) == {1: {"id": "a"}}


def test_names_of_parts_and_a_large_archives_record_are_read_as_others_write_them(tmp_path: Path) -> None:
    cells = '<row><c t="s"><v>0</v></c></row><row><c t="s"><v>1</v></c></row>'
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("/XL/SharedStrings.xml", "<sst><si><t>id</t></si><si><t>a</t></si></sst>")
        archive.writestr("xl/Worksheets/Sheet1.xml", f"<worksheet><sheetData>{cells}</sheetData></worksheet>")
    assert values(read(tmp_path / "a.xlsx")) == {1: {"id": "a"}}
    data = (tmp_path / "a.xlsx").read_bytes()
    at = len(data) - 22
    _, _, n, size, start, _ = struct.unpack("<IIHIIH", data[at : at + 8] + data[at + 10 :])
    record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, n, n, size, start)
    place = struct.pack("<IIQI", 0x07064B50, 0, at, 1)
    (tmp_path / "b.xlsx").write_bytes(
        data[:at] + record + place + b"PK\x05\x06" + b"\0" * 4 + b"\xff" * 12 + b"\0" * 2
    )
    assert values(read(tmp_path / "b.xlsx")) == {1: {"id": "a"}}


def test_another_archive_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "id\n1\n")
    with pytest.raises(FileRefusedError, match="not an Excel workbook"):
        read(tmp_path / "a.zip")


def test_escaped_characters_and_styled_runs_are_the_text(tmp_path: Path) -> None:
    strings = (
        "<sst><si><r><t>白</t></r><r><t>衣</t></r><rPh><t>bai</t></rPh></si><si><t>a_x000D_b</t></si></sst>"
    )
    cells = '<c t="inlineStr"><is><t>id</t></is></c><c t="str"><v>t</v></c>'
    sheet = f'<row>{cells}</row><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("xl/sharedStrings.xml", strings)
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet><sheetData>{sheet}</sheetData></worksheet>")
    assert values(read(tmp_path / "a.xlsx")) == {1: {"id": "白衣", "t": "a\rb"}}


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=12)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), max_size=6))
def test_what_was_written_is_read(pairs: list[tuple[str, str]]) -> None:
    rows = [(a, b) for a, b in pairs if (a.strip() or b.strip()) and a.strip() != "id" != b.strip()]
    with tempfile.TemporaryDirectory() as folder:
        book = openpyxl.Workbook()
        sheet = book.worksheets[0]
        for n, row in enumerate([("id", "t"), *rows], start=1):
            for column, text in enumerate(row, start=1):
                # set apart from its value, or a text that begins with = would be stored as a formula
                sheet.cell(row=n, column=column, value=text).data_type = "s"
        book.save(Path(folder) / "a.xlsx")
        found = values(read(Path(folder) / "a.xlsx"))
    assert found == {
        n: {name: text for name, text in (("id", a), ("t", b)) if text}
        for n, (a, b) in enumerate(rows, start=1)
    }


def test_every_cut_of_a_workbook_is_read_or_refused(tmp_path: Path) -> None:
    data = write(tmp_path / "a.xlsx", {"s": [["id", "t"], ["a", "b"]]}).read_bytes()
    rng = random.Random(0)
    for at in rng.sample(range(5, len(data)), 40):
        (tmp_path / "cut.xlsx").write_bytes(data[:at])
        with pytest.raises(FileRefusedError):
            read(tmp_path / "cut.xlsx")
