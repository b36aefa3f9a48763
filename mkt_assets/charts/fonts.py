"""The font of every picture: Noto Sans CJK in Simplified Chinese forms, for Pillow and for matplotlib.

The package ships one variable file of five faces and all weights. Pillow can pick face and weight itself;
matplotlib cannot pick a weight, so it gets a static font cut from that file, with the glyphs that are needed.
"""

from __future__ import annotations

import io
import os
import tempfile
import unicodedata
from functools import lru_cache
from importlib import resources
from pathlib import Path

from PIL import ImageFont

REGULAR = 400
BOLD = 700

_FAMILY = "Noto Sans CJK SC"
_ALWAYS = "".join(map(chr, range(0x20, 0x7F))) + "·–—…‘’“”−×≥≤≈"  # so that most charts share one file
_UNWANTED_TABLES = ("BASE", "DSIG", "GDEF", "GPOS", "GSUB", "STAT", "VORG", "VVAR", "vhea", "vmtx")


@lru_cache(maxsize=1)
def font_file() -> Path:
    """The variable font collection, as shipped."""
    return Path(str(resources.files("manimgx_fonts_cjk").joinpath("NotoSansCJK-VF.otf.ttc")))


@lru_cache(maxsize=1)
def face_index() -> int:
    """Which face of the collection has the Simplified Chinese forms.

    Raises:
        ValueError: the collection has no such face (another version of the font package).
    """
    from fontTools.ttLib import TTCollection

    with TTCollection(str(font_file()), lazy=True) as collection:
        names = [font["name"].getDebugName(1) for font in collection.fonts]
    if _FAMILY not in names:
        raise ValueError(
            f"{font_file().name} has the faces {names}, not {_FAMILY!r}: reinstall manimgx-fonts-cjk."
        )
    return names.index(_FAMILY)


@lru_cache(maxsize=1)
def code_points() -> frozenset[int]:
    """The Unicode code points that the font has a glyph for."""
    from fontTools.ttLib import TTFont

    with TTFont(str(font_file()), fontNumber=face_index(), lazy=True) as font:
        return frozenset(font.getBestCmap() or {})


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
        str(font_file()), pixels, index=face_index(), layout_engine=ImageFont.Layout.BASIC
    )
    font.set_variation_by_axes([weight])
    return font


def matplotlib_font(text: str, weight: int = REGULAR) -> Path:
    """A static font file with the glyphs of `text`, of plain ASCII, and of what was asked for before.

    It takes about a second to cut one, so that one is cut only when none of this process has them all; all are
    removed when the process ends.

    Args:
        text: what is to be drawn; what the font lacks is left out.
        weight: 100 (thin) to 900 (black).
    """
    needed = frozenset(map(ord, _ALWAYS + text)) & code_points()
    known, path = _cut_fonts.get(weight, (frozenset[int](), Path()))
    if not needed <= known:
        known |= needed
        descriptor, name = tempfile.mkstemp(dir=_own_folder().name, suffix=".otf")
        path = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_static_font(sorted(known), weight))
        _cut_fonts[weight] = (known, path)
    return path


# By weight: the code points that the latest font has, and its file.
_cut_fonts: dict[int, tuple[frozenset[int], Path]] = {}


@lru_cache(maxsize=1)
def _own_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="mkt-fonts-")


def _static_font(points: list[int], weight: int) -> bytes:
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    subsetter = Subsetter(Options(layout_features=[], hinting=False, notdef_outline=True))
    subsetter.populate(unicodes=points)
    cut, made = io.BytesIO(), io.BytesIO()
    # Cut first, then fixed to one weight (0.5 s for ASCII): the other way round takes minutes. The instancer
    # fails on a font that was subset in memory, hence the save between.
    with TTFont(str(font_file()), fontNumber=face_index(), lazy=True, recalcTimestamp=False) as font:
        for table in _UNWANTED_TABLES:  # before they are read, which takes longer than all the rest
            if table in font:
                del font[table]
        subsetter.subset(font)
        font.save(cut)
    cut.seek(0)
    instancer.instantiateVariableFont(TTFont(cut, recalcTimestamp=False), {"wght": weight}).save(made)
    return made.getvalue()
