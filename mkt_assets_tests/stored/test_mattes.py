"""A stored matte is opened as it is, small, or in its place over a plain colour."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mkt_assets.core.media.matte_facts import MatteFacts
from mkt_assets.core.media.matting import encode_cutout
from mkt_assets.resources.files import LocalFiles
from mkt_assets.stored.mattes import MAX_COMPOSITE_SIDE, open_composite, open_matte, open_thumbnail

BLUE = (0, 0, 200)
FACTS = MatteFacts("mattes/a.webp", "model", 0.2, 200, 100, 50, 10, 90, 90)


@pytest.fixture
def media(tmp_path: Path) -> LocalFiles:
    """A store with one matte: a red disc, 40 x 80 pixels, whose corners are transparent."""
    matte = Image.new("RGBA", (40, 80))
    ImageDraw.Draw(matte).ellipse((0, 0, 39, 79), fill=(250, 0, 0, 255))
    store = LocalFiles(tmp_path)
    store.write("mattes/a.webp", encode_cutout(matte))
    return store


def test_a_matte_is_rgba_also_where_all_of_it_is_person(media: LocalFiles) -> None:
    assert open_matte(media, "mattes/a.webp").mode == "RGBA"
    media.write("mattes/whole.webp", encode_cutout(Image.new("RGB", (40, 80), (250, 0, 0))))
    whole = open_matte(media, "mattes/whole.webp")
    assert whole.getchannel("A").getextrema() == (255, 255)


def test_a_composite_has_the_picture_s_size_and_the_person_in_its_place(media: LocalFiles) -> None:
    shown = open_composite(media, FACTS, BLUE)
    assert (shown.size, shown.mode) == ((200, 100), "RGB")
    pixels = np.asarray(shown).astype(int)
    assert np.abs(pixels[50, 70] - (250, 0, 0)).max() < 12
    assert tuple(pixels[50, 20]) == tuple(pixels[11, 51]) == BLUE


def test_a_composite_of_a_large_picture_is_no_longer_than_encoders_need(media: LocalFiles) -> None:
    large = replace(FACTS, width=8000, height=4000)
    assert open_composite(media, large, BLUE).size == (MAX_COMPOSITE_SIDE, MAX_COMPOSITE_SIDE // 2)


def test_a_thumbnail_keeps_its_proportions_and_is_never_enlarged(media: LocalFiles) -> None:
    assert open_thumbnail(media, "mattes/a.webp", (20, 20)).size == (10, 20)
    assert open_thumbnail(media, "mattes/a.webp", (500, 500)).size == (40, 80)


def test_of_a_picture_in_which_nothing_was_found_there_is_nothing_to_show(media: LocalFiles) -> None:
    with pytest.raises(ValueError, match="nothing was found"):
        open_composite(media, replace(FACTS, matte_path=None, bbox_left=None), BLUE)


def test_facts_are_taken_from_a_row_with_other_columns() -> None:
    assert MatteFacts.of_row({"post_id": "1", **FACTS.as_row()}) == FACTS
