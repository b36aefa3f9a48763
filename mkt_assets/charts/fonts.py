"""The font of every picture: Noto Sans CJK in Simplified Chinese forms, for Pillow, matplotlib and the report.

The package ships one variable file of five faces and all weights. Pillow can pick face and weight itself;
matplotlib cannot pick a weight, so it gets a static font cut from that file, with the glyphs that are needed.
So does the report, for readers whose system has no Chinese font.
"""

from __future__ import annotations

import hashlib
import unicodedata
from functools import lru_cache
from importlib import import_module, resources
from pathlib import Path
from typing import Any

from PIL import ImageFont

harfbuzz: Any = import_module("uharfbuzz")  # compiled, without types

REGULAR = 400
BOLD = 700

_FAMILY = "Noto Sans CJK SC"
_ALWAYS = "".join(map(chr, range(0x20, 0x7F))) + "−"  # numbers at the ticks are written when a chart is drawn

_FIRST_CHINESE = 0x2E80  # radicals; what comes before, any system has

# Kerning and ligatures, for which widths are not measured, and what only vertical text needs.
_UNWANTED_TABLES = (b"BASE", b"GPOS", b"GSUB", b"STAT", b"VORG", b"vhea", b"vmtx")


@lru_cache(maxsize=1)
def font_file() -> Path:
    """The variable font collection, as shipped."""
    return Path(str(resources.files("manimgx_fonts_cjk").joinpath("NotoSansCJK-VF.otf.ttc")))


@lru_cache(maxsize=1)
def face() -> Any:
    """The face of the collection that has the Simplified Chinese forms; its `index` is the face's number.

    Raises:
        ValueError: the collection has no such face (another version of the font package).
    """
    blob = harfbuzz.Blob.from_file_path(str(font_file()))
    faces = [harfbuzz.Face(blob, index) for index in range(harfbuzz.Face(blob).count)]
    names = [one.get_name(harfbuzz.OTNameIdPredefined.FONT_FAMILY) for one in faces]
    if _FAMILY not in names:
        raise ValueError(
            f"{font_file().name} has the faces {names}, not {_FAMILY!r}: reinstall manimgx-fonts-cjk."
        )
    return faces[names.index(_FAMILY)]


@lru_cache(maxsize=1)
def code_points() -> frozenset[int]:
    """The Unicode code points that the font has a glyph for."""
    return frozenset(face().unicodes)


def drawable(text: str) -> str:
    """`text` on one line, without what the font cannot draw (emoji, control and joining characters)."""
    known = code_points()
    kept = (
        " " if character.isspace() else character
        for character in text
        if character.isspace() or (ord(character) in known and unicodedata.category(character)[0] != "C")
    )
    return " ".join("".join(kept).split())


def pillow_font(pixels: int, weight: int = REGULAR) -> ImageFont.FreeTypeFont:
    """The font for Pillow, `pixels` high, of weight 100 to 900."""
    font = ImageFont.truetype(
        str(font_file()), pixels, index=face().index, layout_engine=ImageFont.Layout.BASIC
    )
    font.set_variation_by_axes([weight])
    return font


def matplotlib_font(text: str, folder: Path, weight: int = REGULAR) -> Path:
    """A static font file with the glyphs of `text` and of plain ASCII, written into `folder`.

    Args:
        text: what is to be drawn; what the font lacks is left out.
        folder: where it is needed until the figure is drawn; the same glyphs have the same file.
        weight: 100 (thin) to 900 (black).
    """
    font = _cut(frozenset(map(ord, _ALWAYS + text)) & code_points(), weight)
    path = folder / f"{hashlib.sha256(font).hexdigest()}.otf"
    path.write_bytes(font)
    return path


def chinese_font(text: str) -> bytes:
    """A static OpenType font with the Chinese glyphs of `text`, and full-width signs; about 200 bytes each."""
    return _cut(frozenset(ord(c) for c in text if ord(c) >= _FIRST_CHINESE) & code_points(), REGULAR)


@lru_cache(maxsize=32)
def _cut(points: frozenset[int], weight: int) -> bytes:
    cut = harfbuzz.SubsetInput()
    cut.flags = harfbuzz.SubsetFlags.NO_HINTING | harfbuzz.SubsetFlags.NOTDEF_OUTLINE
    cut.drop_table_tag_set.update(int.from_bytes(tag, "big") for tag in _UNWANTED_TABLES)
    cut.unicode_set.update(points)
    cut.pin_axis_location(face(), "wght", weight)
    return harfbuzz.subset(face(), cut).blob.data
