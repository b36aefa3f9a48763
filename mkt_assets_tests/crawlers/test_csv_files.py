from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.crawlers.base import BadRow, FileRefusedError, Limits, Row
from mkt_assets.crawlers.csv_files import read_csv

LIMITS = Limits(max_field_characters=2_000, max_row_characters=10_000, max_columns=8)


def is_header(columns: frozenset[str]) -> bool:
    return {"id", "text"} <= columns


def read(text: str, limits: Limits = LIMITS) -> list[Row | BadRow]:
    return list(read_csv(io.StringIO(text, newline=""), limits, is_header))


def texts(rows: list[Row | BadRow]) -> dict[int, str | None]:
    return {row.number: row.values["text"] if isinstance(row, Row) else None for row in rows}


def test_line_breaks_and_quotes_inside_a_value_stay() -> None:
    assert texts(read('id,text\n1,"a\r\nb ""c"""\n2,d\n')) == {1: 'a\r\nb "c"', 2: "d"}


def test_a_second_header_changes_the_columns_and_is_no_row() -> None:
    rows = read("id,text\n1,a\nnew,id,text\nx,2,b\n")
    assert texts(rows) == {1: "a", 2: "b"}
    assert isinstance(rows[1], Row)
    assert rows[1].values["new"] == "x"


def test_rows_of_another_width_are_rejected_and_say_how_wide_they_are() -> None:
    rows = read("id,text\n1,a\n2,b,c\n3,d\n")
    assert texts(rows) == {1: "a", 2: None, 3: "d"}
    assert isinstance(rows[1], BadRow)
    assert "3 values under 2 columns" in rows[1].reason


def test_a_last_row_cut_inside_its_quotes_is_rejected_alone() -> None:
    assert texts(read('id,text\n1,a\n2,"b')) == {1: "a", 2: None}


@pytest.mark.parametrize(
    "after",
    [
        "2,b\n3,c\n",
        '2,"b"\n3,"c"\n',
        '2,"b"\n3,c\n',
        '2,"b\nb"\n3,c\n',
        '"2","b, ""x"""\n3,c\n',
        '2,b\n"3",c\n',
    ],
)
def test_a_row_cut_inside_its_quotes_takes_no_row_appended_behind_it_along(after: str) -> None:
    rows = read(f'id,text\n0,z\n1,"cut\n{after}')
    assert [row.values["id"] for row in rows if isinstance(row, Row)] == ["0", "2", "3"]
    assert [row.number for row in rows if isinstance(row, BadRow)] == [2]


def test_the_lines_of_a_cut_value_are_one_rejected_row() -> None:
    assert texts(read('id,text\n1,"cut\nhere\nand here\n2,b\n')) == {1: None, 2: "b"}


@pytest.mark.parametrize("before", ["sep=,\n", "a title\n\n", 'of a lost row","x"\n'])
def test_a_line_before_the_header_is_rejected_alone(before: str) -> None:
    assert list(texts(read(f"{before}id,text\n1,a\n")).values()) == [None, "a"]


def test_of_two_columns_with_one_name_the_first_has_it() -> None:
    assert texts(read("id,text,text\n1,a,\n")) == {1: "a"}


def test_a_file_of_nothing_but_blank_lines_is_not_read_to_its_end() -> None:
    with pytest.raises(FileRefusedError, match="blank"):
        read("id,text\n1,a\n" + "\n" * 50, replace(LIMITS, max_bad_rows=20))


def test_bytes_of_zeros_and_marks_between_joined_files_are_passed_over() -> None:
    assert texts(read("\ufeffid,text\n1,a\0b\n\ufeffid,text\n2,c\n\0\0\0\0")) == {1: "ab", 2: "c"}


def test_blank_lines_are_no_rows() -> None:
    assert texts(read("\n\nid,text\n\n1,a\n,\n2,b\n\n")) == {1: "a", 2: "b"}


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_the_separator_is_found_in_the_header(delimiter: str) -> None:
    assert texts(read(f"id{delimiter}text\n1{delimiter}a,b\n")) == {1: "a,b"}


def test_a_value_or_row_beyond_the_limits_is_rejected_alone() -> None:
    rows = read(f"id,text\n1,{'x' * 2_001}\n2,{'x' * 10_001}\n3,{'x' * 2_000}\n4,d\n")
    assert [isinstance(row, Row) for row in rows] == [False, False, True, True]


def test_a_header_of_too_many_columns_refuses_the_file() -> None:
    with pytest.raises(FileRefusedError, match="more than 8 columns"):
        read("id,text,a,b,c,d,e,f,g\n")


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff", "\0\0"])
def test_an_empty_file_has_no_rows(text: str) -> None:
    assert read(text) == []


def test_a_file_without_a_known_header_is_refused() -> None:
    with pytest.raises(FileRefusedError, match="known crawler"):
        read("name,value\n1,2\n")


VALUE = st.text(st.characters(exclude_characters="\0\ufeff", exclude_categories=["Cs"]), max_size=20)


@given(
    st.lists(st.tuples(st.integers(1, 10**9).map(str), VALUE), max_size=8),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_whatever_a_csv_writer_wrote_is_read_back(pairs: list[tuple[str, str]], quoting: int) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=quoting)  # pyright: ignore[reportArgumentType]
    writer.writerows([("id", "text"), *pairs])
    rows = read(buffer.getvalue())
    assert [(row.values["id"], row.values["text"]) for row in rows if isinstance(row, Row)] == pairs


@given(st.text(st.sampled_from('id,text"\n\r\0;12x'), max_size=200))
def test_any_text_under_a_header_gives_numbered_rows(text: str) -> None:
    rows = read("id,text\n" + text)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))


def test_two_rows_that_lost_bytes_have_run_into_one_are_rejected_and_stray_zeros_are_not() -> None:
    rows = read("id,text\n1,a\0b\n2," + "\0" * 40 + "c\n4,d\n" + "\0" * 40 + "\n")
    assert texts(rows) == {1: "ab", 2: None, 3: "d"}
    assert isinstance(rows[1], BadRow)
    assert "the file is damaged" in rows[1].reason
