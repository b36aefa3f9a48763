"""The colours of clusters, ink and paper. A cluster has the same colour in every picture.

Not here: fonts (charts/fonts), figures and axes (charts/style).
"""

from __future__ import annotations

from typing import Final

INK: Final = "#1f2430"
MUTED: Final = "#6a7180"
GRID: Final = "#e4e4df"
PAPER: Final = "#ffffff"
TILE: Final = "#f2f1ed"
REST: Final = "#d3d3ce"
"""Everything beyond a cut-off, and what belongs to no cluster."""

CLUSTER_COLOURS: Final = (
    "#3770b5", "#ec923f", "#55a679", "#c15151", "#6a1966", "#3d4808", "#ad88eb", "#7e517a",
    "#ef82b4", "#3d3f9a", "#3b7402", "#75c0f4", "#99799d", "#d2d986", "#73e7e6", "#962949",
    "#ab7e0b", "#90c98b", "#747dd0", "#eb7674", "#1b825f", "#f5adba", "#1a594e", "#3ab0c2",
)  # fmt: skip
"""24 colours, each chosen as far as could be from those before it, in OKLab (Ottosson 2020), seen by all of
normal, deuteranope and protanope eyes (Machado et al. 2009); no neon, and apart from paper and `REST`."""

_BLACK, _WHITE = "#000000", "#ffffff"
_SHADES: Final = ((_BLACK, 0.0), (_BLACK, 0.35), (_WHITE, 0.40), (_BLACK, 0.60), (_WHITE, 0.65))
"""Per round of 24 colours: what they are mixed with, and how much."""


def cluster_colour(cluster_id: int) -> str:
    """The colour of a cluster as #rrggbb: 24 well apart, then shades of them; 120 before one repeats."""
    towards, share = _SHADES[cluster_id // len(CLUSTER_COLOURS) % len(_SHADES)]
    return mixed(CLUSTER_COLOURS[cluster_id % len(CLUSTER_COLOURS)], towards, share)


def faint(colour: str) -> str:
    """The colour for what is not to be believed much; opaque, so that no grid line shows through."""
    return mixed(colour, PAPER, 0.7)


def mixed(colour: str, towards: str, share: float) -> str:
    """`colour` with `share` (0 to 1) of `towards` in it, as #rrggbb."""
    channels = (
        round(channel + (target - channel) * share)
        for channel, target in zip(rgb(colour), rgb(towards), strict=True)
    )
    return "#{:02x}{:02x}{:02x}".format(*channels)


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of #rrggbb."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def ink_on(colour: str) -> str:
    """The ink, dark or white, that is easier to read on `colour` (contrast ratio of WCAG 2.2)."""
    on_white = 1.05 / (_luminance(colour) + 0.05)
    on_dark = (_luminance(colour) + 0.05) / (_luminance(INK) + 0.05)
    return PAPER if on_white > on_dark else INK


def _luminance(colour: str) -> float:
    linear = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in rgb(colour))
    )
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
