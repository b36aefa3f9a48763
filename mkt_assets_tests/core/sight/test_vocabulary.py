"""The vocabulary that styles are named from: what is shipped, and what an analyst's file makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkt_assets.core.sight.vocabulary import KINDS, VocabularyError, Word, read_vocabulary


def written(folder: Path, *lines: str) -> Path:
    path = folder / "sight_words.csv"
    path.write_text("\n".join(["kind,zh,en", *lines]), "utf-8")
    return path


def test_without_a_file_it_is_the_shipped_one_with_words_of_every_kind_in_both_languages(
    tmp_path: Path,
) -> None:
    words = read_vocabulary(tmp_path / "none.csv")
    assert 150 <= len(words) <= 250
    assert {word.kind for word in words} == set(KINDS)
    assert Word("colour", "白色", "white") in words


def test_lines_are_added_and_take_the_place_of_shipped_words_with_the_same_chinese_or_english(
    tmp_path: Path,
) -> None:
    words = read_vocabulary(written(tmp_path, "garment,护腕,wristband", "colour,雪白,White"))
    assert words[-2:] == (Word("garment", "护腕", "wristband"), Word("colour", "雪白", "White"))
    assert [word.zh for word in words if word.en.casefold() == "white"] == ["雪白"]


def test_a_line_of_the_kind_none_takes_a_word_out_by_either_language(tmp_path: Path) -> None:
    before = len(read_vocabulary(tmp_path / "none.csv"))
    words = read_vocabulary(written(tmp_path, "none,白色,", "none,,Lace"))
    assert len(words) == before - 2
    assert not {"白色", "蕾丝"} & {word.zh for word in words}


def test_all_can_be_taken_out_for_ones_own_but_not_for_nothing(tmp_path: Path) -> None:
    assert read_vocabulary(written(tmp_path, "none,*,", "cut,短款,short")) == (Word("cut", "短款", "short"),)
    with pytest.raises(VocabularyError, match="takes out all words and gives no others"):
        read_vocabulary(written(tmp_path, "none,*,"))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("garments,护腕,wristband", "line 2: kind is 'garments', and should be one of garment, cut"),
        ("garment,护腕,", "line 2: it has no English word"),
        ("garment,,wristband", "line 2: it has no Chinese word"),
        ("garment,=护腕,wristband", "begins like a spreadsheet formula"),
        ("garment,护腕,<b>wristband</b>", "looks like HTML"),
        ("none,,", "line 2: it takes out nothing"),
        ("none,白色,\nnone,,Laec", "line 3: it takes out laec, which is none of the shipped words"),
        ("cut,短款,short\ncut,很短,Short", "line 3: Short is in line 2 already"),
        ("cut,短款,short,1", "line 2: it has more than three cells"),
    ],
)
def test_a_bad_line_is_named_with_what_is_wrong_with_it(tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(VocabularyError) as refused:
        read_vocabulary(written(tmp_path, line))
    assert why in str(refused.value)


def test_another_file_by_that_name_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "sight_words.csv"
    path.write_bytes(b"x" * 2_100_000)
    with pytest.raises(VocabularyError, match=r"2\.1 MB"):
        read_vocabulary(path)
