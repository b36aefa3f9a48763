from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from mkt_assets.charts.fonts import BOLD, REGULAR, code_points, drawable, matplotlib_font, pillow_font
from mkt_assets.charts.style import new_figure, nothing_figure, to_picture

CHINESE = "今日穿搭小个子显高"


def shape(font: ImageFont.FreeTypeFont, character: str) -> bytes:
    image = Image.new("L", (64, 64))
    ImageDraw.Draw(image).text((4, 2), character, 255, font)
    return image.tobytes()


@pytest.mark.parametrize("weight", [REGULAR, BOLD])
def test_pillow_draws_each_chinese_character_in_its_own_shape(weight: int):
    font = pillow_font(40, weight)
    missing = shape(font, "\uffff")
    shapes = {shape(font, character) for character in CHINESE}
    assert len(shapes) == len(set(CHINESE))
    assert missing not in shapes


def test_the_static_font_has_the_shapes_and_the_weight_of_the_variable_one(tmp_path: Path):
    file = str(matplotlib_font(CHINESE, tmp_path))
    static = ImageFont.truetype(file, 40, layout_engine=ImageFont.Layout.BASIC)
    for character in CHINESE + "Ag7":
        drawn, regular, thin = (
            np.frombuffer(shape(font, character), np.uint8).astype(int)
            for font in (static, pillow_font(40), pillow_font(40, 100))
        )
        assert np.abs(drawn - regular).sum() < 0.2 * regular.sum()  # hinting differs by a shade
        assert np.abs(drawn - thin).sum() > 0.3 * regular.sum()


def test_bold_is_bolder_than_regular():
    ink = {weight: sum(shape(pillow_font(40, weight), "穿")) for weight in (REGULAR, BOLD)}
    assert ink[BOLD] > 1.2 * ink[REGULAR]


def test_simplified_forms_are_drawn_where_countries_differ():
    japanese = ImageFont.truetype(pillow_font(40).path, 40, index=0, layout_engine=ImageFont.Layout.BASIC)
    japanese.set_variation_by_axes([REGULAR])
    assert shape(japanese, "直") != shape(pillow_font(40), "直")


def test_matplotlib_draws_chinese_without_a_missing_glyph():
    figures = [new_figure(4, 1) for _ in range(2)]
    for figure, text in zip(figures, ("显高 $x$", "显瘦 $x$"), strict=True):
        figure.text(0.1, 0.5, text + "👖", fontsize=20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = (to_picture(figure, "x", 0, "X") for figure in figures)
    assert first.png != second.png
    assert figures[0].texts[0].get_text() == "显高 $x$"


def test_emoji_are_removed_and_nothing_else():
    assert drawable("显瘦👖👩‍👩‍👧牛仔裤❄️1️⃣ OK\u200b") == "显瘦牛仔裤1 OK"


def test_white_space_of_any_kind_becomes_one_blank():
    assert drawable(" 早秋\n\t叠穿\u3000通勤 \x00") == "早秋 叠穿 通勤"


@given(st.text())
def test_what_is_drawable_has_a_glyph_and_stays_as_it_is(text: str):
    once = drawable(text)
    assert {ord(character) for character in once} <= code_points()
    assert drawable(once) == once


def test_a_font_is_the_same_for_the_same_characters(tmp_path: Path):
    first = matplotlib_font("穿搭", tmp_path)
    assert matplotlib_font("搭穿穿👖", tmp_path) == first
    assert matplotlib_font("穿搭", tmp_path, BOLD) != first


def test_a_picture_does_not_depend_on_what_was_drawn_before_it():
    first = to_picture(nothing_figure("穿搭", "没有"), "nothing", 0, "穿搭")
    to_picture(nothing_figure("鬱鱻麤", "灪爩"), "other", 0, "鬱鱻麤")
    assert to_picture(nothing_figure("穿搭", "没有"), "nothing", 0, "穿搭") == first
