from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.crawlers.base import BadRow, Limits, Row
from mkt_assets.crawlers.json_files import JsonFormat, read_values

LIMITS = Limits(max_field_characters=100, max_row_characters=1_000, max_columns=4)
DEEP = "[" * 100_000 + "]" * 100_000


def read(folder: Path, text: str, limits: Limits = LIMITS) -> list[Row | BadRow]:
    path = folder / "rows"
    path.write_text(text, encoding="utf-8")
    assert JsonFormat().opens(path.read_bytes()[:4096])
    return list(JsonFormat().read(path, limits, lambda columns: "id" in columns).rows)


def array(text: str, limits: Limits) -> list[Row | BadRow]:
    return list(read_values(io.StringIO(text), limits, lambda columns: "id" in columns))


def ids(rows: list[Row | BadRow]) -> dict[int, str | None]:
    return {row.number: row.values["id"] if isinstance(row, Row) else None for row in rows}


def test_lines_an_array_and_an_object_give_the_same_rows(tmp_path: Path) -> None:
    objects = [{"id": "a", "n": 1}, {"id": "b", "n": 2}]
    lines = read(tmp_path, "\n\n".join(map(json.dumps, objects)))
    assert ids(lines) == {1: "a", 2: "b"}
    assert read(tmp_path, json.dumps(objects, indent=2)) == lines
    assert read(tmp_path, json.dumps(objects[0], indent=2)) == lines[:1]


def test_values_become_text_and_null_is_no_value(tmp_path: Path) -> None:
    [row] = read(tmp_path, '{"id": 12345678901234567890, "f": 1.10, "none": null, "tags": ["短", 2]}')
    assert isinstance(row, Row)
    assert row.columns == {"id", "f", "none", "tags"}
    assert row.values == {"id": "12345678901234567890", "f": "1.10", "tags": '["短", "2"]'}


def test_broken_lines_are_rejected_alone(tmp_path: Path) -> None:
    text = f'{{"id": "a"\n{{"id": "b"}}\n[1]\n{{"id": {DEEP}}}\n{{"id": "c"}}\n{{"id": "d", "te'
    limits = Limits(max_row_characters=10**6)
    assert ids(read(tmp_path, text, limits)) == {1: None, 2: "b", 3: None, 4: None, 5: "c", 6: None}


def test_lines_beyond_a_limit_are_rejected_alone(tmp_path: Path) -> None:
    long_value, long_line = json.dumps({"id": "x" * 101}), json.dumps({"id": "x" * 1_000})
    wide = json.dumps(dict.fromkeys("abcde", "1"))
    assert ids(read(tmp_path, f'{long_value}\n{long_line}\n{wide}\n{{"id": "z"}}\n')) == {
        1: None,
        2: None,
        3: None,
        4: "z",
    }


@pytest.mark.parametrize("text", ["[]", " [ ]\n", "\ufeff[]"])
def test_an_array_that_was_reset_has_no_rows(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == []


def test_an_array_cut_off_keeps_its_whole_rows(tmp_path: Path) -> None:
    rows = read(tmp_path, '[{"id": "a"}, {"id": "b"}, {"id": "c", "text": "half')
    assert ids(rows) == {1: "a", 2: "b", 3: None}
    assert isinstance(rows[2], BadRow)
    assert "ends inside its array" in rows[2].reason


def test_a_broken_row_inside_an_array_is_rejected_alone() -> None:
    text = f'[{{"id": "a"}}, {{"id": "]}}", oops}}, {DEEP}, junk, {{"id": "b"}}]'
    assert ids(array(text, Limits())) == {1: "a", 2: None, 3: None, 4: None, 5: "b"}


def test_brackets_in_a_string_that_is_cut_off_do_not_end_its_row() -> None:
    assert ids(array('[{"id": "a"}, {"id": "b]}, {', LIMITS)) == {1: "a", 2: None}


@pytest.mark.parametrize(
    "text",
    [
        '[{"id": "a"}][{"id": "b"}]',
        '[[{"id": "a"}], [{"id": "b"}]]',
        '[]\n[{"id": "a"}]\n[{"id": "b"}]\n',
        '{\n"id": "a"\n}\n{\n"id": "b"\n}',
        '{"id": "a"}{"id": "b"}',
        '{"id": "a"},\n{"id": "b"},\n',
        '{"code": 0, "data": [{"id": "a"}, {"id": "b"}]}',
        '{\n"data": {"items": [{"id": "a"}, {"id": "b"}], "page": {"n": 1}}}',
        '{"1": {"id": "a"}, "2": {"id": "b"}}',
    ],
)
def test_rows_are_found_however_they_are_joined_or_wrapped(tmp_path: Path, text: str) -> None:
    assert ids(read(tmp_path, text)) == {1: "a", 2: "b"}


@pytest.mark.parametrize(
    "text",
    [
        '{"id": "x", "t": "cut of{"id": "a"}\n{"id": "b"}\n',
        'the end of a lost row"}\n{"id": "a"}\n{"id": "b"}\n',
        '[/* a remark */{"id": "a"}, {"id": "b"}]',
        '[{"id": "a"}, // a remark\n{"id": "b"}]',
    ],
)
def test_a_row_right_behind_something_broken_is_not_lost_with_it(tmp_path: Path, text: str) -> None:
    rows = read(tmp_path, text)
    assert [row.values["id"] for row in rows if isinstance(row, Row)] == ["a", "b"]
    assert sum(isinstance(row, BadRow) for row in rows) == 1


@given(st.text(st.sampled_from('[]{}",:\\ \n1aid'), max_size=200))
def test_any_text_behind_a_bracket_gives_numbered_rows(text: str) -> None:
    rows = array("[" + text, LIMITS)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))


@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=4), max_size=6), st.data()
)
def test_a_prefix_of_an_array_gives_a_prefix_of_its_rows(
    objects: list[dict[str, str]], data: st.DataObject
) -> None:
    text = json.dumps(objects)
    cut = text[: data.draw(st.integers(1, len(text)))]
    whole, rows = array(text, LIMITS), array(cut, LIMITS)
    good = [row for row in rows if isinstance(row, Row)]
    assert good == whole[: len(good)]
    assert len(rows) - len(good) == (0 if cut == text else 1)


@given(
    st.lists(st.text(st.sampled_from('[]{}",:\\ \n1aé'), max_size=30), max_size=8),
    st.integers(1, 7),
)
def test_an_array_is_read_the_same_in_pieces_of_any_size(parts: list[str], n: int) -> None:
    text = "[" + ",".join([json.dumps({"id": part}) for part in parts] + parts)
    whole = array(text, LIMITS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mkt_assets.crawlers.json_files._CHUNK_CHARACTERS", n)
        assert array(text, LIMITS) == whole


def test_a_row_that_is_too_long_is_rejected_and_the_next_is_read() -> None:
    text = json.dumps([{"id": "a"}, {"id": "x" * 5_000, "t": "]}" * 10}, {"id": "b"}])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mkt_assets.crawlers.json_files._CHUNK_CHARACTERS", 100)
        assert ids(array(text, LIMITS)) == {1: "a", 2: None, 3: "b"}


def test_very_many_broken_rows_are_each_rejected() -> None:
    # an error of the decoder counts the lines before it: in one long text, that would be quadratic
    assert len(array("[" + "x," * 50_000, LIMITS)) == 50_001


@pytest.mark.parametrize(
    "text",
    [
        '{"id": {"0": "a", "1": "b"}, "title": {"0": "x", "1": null}}',
        '{"columns": ["id", "title"], "index": [0, 1], "data": [["a", "x"], ["b", null]]}',
    ],
)
def test_a_table_that_pandas_wrote_by_column_is_read_by_row(tmp_path: Path, text: str) -> None:
    rows = [row for row in read(tmp_path, text) if isinstance(row, Row)]
    assert [dict(row.values) for row in rows] == [{"id": "a", "title": "x"}, {"id": "b"}]


def test_types_that_mongoexport_wrote_around_values_are_taken_off(tmp_path: Path) -> None:
    text = '{"id": {"$oid": "a"}, "title": {"$numberLong": "12"}, "x": {"$date": {"$numberLong": "1718107501000"}}}'
    (row,) = read(tmp_path, text)
    assert isinstance(row, Row)
    assert row.values == {"id": "a", "title": "12", "x": "1718107501000"}


def test_a_table_in_one_object_that_is_too_long_says_how_to_write_it(tmp_path: Path) -> None:
    (row,) = read(tmp_path, json.dumps({"id": {str(i): "x" for i in range(200)}, "t": {}}))
    assert isinstance(row, BadRow)
    assert 'orient="records"' in row.reason
