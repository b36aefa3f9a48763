"""Behaviour of the picture of the trends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mkt_assets.charts.base import Picture
from mkt_assets.charts.trends import MAX_PANELS, draw_trends, title_of, trends_figure

FIRST = date(2024, 6, 1)


def rows_of(n_crawls: int, **names: tuple[str, float]) -> pd.DataFrame:
    """Rows of `trends` by name: (direction, change); a tenth of the posts each."""
    rows: list[dict[str, object]] = []
    for number, (name, (direction, change)) in enumerate(names.items()):
        for crawl in range(n_crawls):
            share = 0.1 + change * crawl / max(1, n_crawls - 1)
            rows.append(
                {
                    "identity": f"style-{number}",
                    "name": name,
                    "basis": "crawl_date",
                    "encoder": "e",
                    "crawl_date": FIRST + timedelta(days=crawl),
                    "n_posts": round(100 * share),
                    "share": share,
                    "share_low": max(0.0, share - 0.05),
                    "share_high": share + 0.05,
                    "direction": direction,
                    "change": change,
                    "n_times": n_crawls,
                }
            )
    return pd.DataFrame(rows)


def words(modality: str, rows: pd.DataFrame) -> list[str]:
    return [text.get_text() for text in trends_figure(modality, rows).texts]


ROWS = rows_of(4, 旗袍=("flat", 0.0), 通勤=("falling", -0.08), 健身=("rising", 0.1), 约会=("rising", 0.3))


def test_what_rises_stands_first_the_steepest_before_the_others():
    said = words("image", ROWS)
    assert [said.index(name) for name in ("约会", "健身", "通勤", "旗袍")] == sorted(
        said.index(name) for name in ("约会", "健身", "通勤", "旗袍")
    )
    assert "↑ rising, +30 points · 100 posts" in said
    assert "↓ falling, -8 points · 24 posts" in said


def test_the_title_says_what_was_found_or_that_nothing_can_be_said():
    assert title_of("image", ROWS) == "Styles: 2 rising (约会, 健身), 1 falling (通勤)"
    assert title_of("text", rows_of(4, a=("flat", 0.1))) == "No topic clearly rises or falls"
    assert "too few" in title_of("text", rows_of(2, a=("too few crawls", 0.1)))
    assert "In colour" not in " ".join(words("text", rows_of(2, a=("too few crawls", 0.1))))


def test_only_what_rises_or_falls_is_in_colour():
    colours = {axes.lines[0].get_color() for axes in trends_figure("image", rows_of(3, a=("flat", 0.2))).axes}
    both = {axes.lines[0].get_color() for axes in trends_figure("image", ROWS).axes}
    assert len(colours) == 1
    assert len(both) == 3


def test_a_small_change_is_not_said_to_be_none():
    said = words("text", rows_of(4, a=("rising", 0.004)))
    assert any("+0.4 points" in text for text in said)


def test_the_picture_says_when_older_posts_of_a_first_crawl_do_not_count():
    rows = rows_of(4, a=("flat", 0.0))
    for fresh_only in (False, True):
        said = " ".join(words("text", rows.assign(fresh_only=fresh_only))).replace("\n", " ")
        assert ("stock of older posts" in said) == fresh_only


def test_too_many_for_the_picture_are_counted():
    many = rows_of(3, **{f"n{i}": ("flat", 0.0) for i in range(MAX_PANELS + 6)})
    figure = trends_figure("image", many)
    assert len(figure.axes) == MAX_PANELS
    assert any(f"of {MAX_PANELS + 6} styles" in text.get_text().replace("\n", " ") for text in figure.texts)


def test_an_encoder_that_is_no_longer_used_is_not_drawn():
    old = rows_of(3, old=("rising", 0.1)).assign(encoder="old", identity="style-old")
    new = rows_of(3, new=("flat", 0.0)).assign(crawl_date=date(2024, 7, 1))
    said = words("image", pd.concat([old, new.drop_duplicates("identity")]))
    assert "new" in said and "old" not in said


def test_a_picture_of_one_two_or_twelve_crawls_is_drawn_and_the_same_each_time(
    pixels_of: Callable[[Picture], NDArray[np.uint8]],
):
    for n in (1, 2, 12):
        rows = rows_of(n, 旗袍=("flat" if n > 2 else "too few crawls", 0.05))
        picture = draw_trends("image", rows)
        assert pixels_of(picture).std() > 5
        assert draw_trends("image", rows).png == picture.png
    assert picture.name == "trends_image"


def test_without_rows_the_picture_says_so():
    assert any("No crawl date" in text for text in words("text", ROWS[:0]))
