"""The one look of all matplotlib charts: figure, headline, axes, and the step from figure to picture.

Positions are in inches from the upper left, so that a chart grows with its data and nothing is clipped.

Not here: colours (charts/palette), fonts (charts/fonts).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from PIL import Image

from mkt_assets.charts.base import Picture, picture_of
from mkt_assets.charts.fonts import BOLD, REGULAR, drawable, matplotlib_font, pillow_font
from mkt_assets.charts.palette import GRID, INK, MUTED, PAPER
from mkt_assets.charts.typeset import wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.ImageFont import FreeTypeFont

DPI = 144
MARGIN = 0.3

_TITLE_POINTS, _SUBTITLE_POINTS, NOTE_POINTS = 15.0, 9.5, 8.0


def text_width(text: str, points: float, weight: int = REGULAR) -> float:
    """Width of `text` in inches when drawn `points` high."""
    return _measuring_font(round(points * DPI / 72), weight).getlength(text) / DPI


@lru_cache(maxsize=32)
def _measuring_font(pixels: int, weight: int) -> FreeTypeFont:
    return pillow_font(pixels, weight)


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of `width` by `height` inches; it belongs to no pyplot state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DPI, facecolor=PAPER)


def lines_of(text: str, points: float, width: float, weight: int = REGULAR, max_lines: int = 4) -> list[str]:
    """`text` broken into lines of at most `width` inches."""
    return wrap(drawable(text), lambda piece: text_width(piece, points, weight), width, max_lines)


def headline_height(title: str, subtitle: str, width: float) -> float:
    """Inches that a headline takes at the top of a figure `width` inches wide."""
    titles, subtitles = _headline_lines(title, subtitle, width)
    return (
        MARGIN + len(titles) * _TITLE_POINTS * 1.3 / 72 + len(subtitles) * _SUBTITLE_POINTS * 1.45 / 72 + 0.12
    )


def headline(figure: Figure, title: str, subtitle: str) -> float:
    """Write title and subtitle at the top left; returns the inches taken."""
    width, height = (float(side) for side in figure.get_size_inches())
    titles, subtitles = _headline_lines(title, subtitle, width)
    write(figure, "\n".join(titles), MARGIN, MARGIN - 0.08, _TITLE_POINTS, weight="bold", linespacing=1.1)
    below = MARGIN + len(titles) * _TITLE_POINTS * 1.3 / 72
    write(figure, "\n".join(subtitles), MARGIN, below, _SUBTITLE_POINTS, color=MUTED, linespacing=1.25)
    return min(headline_height(title, subtitle, width), height)


def _headline_lines(title: str, subtitle: str, width: float) -> tuple[list[str], list[str]]:
    inside = width - 2 * MARGIN
    return (
        lines_of(title, _TITLE_POINTS, inside, BOLD, max_lines=2),
        lines_of(subtitle, _SUBTITLE_POINTS, inside),
    )


def write(figure: Figure, text: str, left: float, top: float, points: float, **style: Any) -> None:
    """Write `text` with its upper left corner `left` and `top` inches from the figure's."""
    width, height = (float(side) for side in figure.get_size_inches())
    style = {"color": INK, "ha": "left", "va": "top", **style}
    figure.text(left / width, 1 - top / height, text, fontsize=points, **style)


def add_axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes in the house style at `left`, `top` inches, `width` by `height` inches."""
    total_width, total_height = (float(side) for side in figure.get_size_inches())
    axes = figure.add_axes(
        (left / total_width, 1 - (top + height) / total_height, width / total_width, height / total_height)
    )
    axes.set_facecolor(PAPER)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GRID)
    axes.tick_params(colors=MUTED, labelcolor=INK, labelsize=8.5, length=0, pad=5)
    axes.grid(True, axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    return axes


def to_picture(figure: Figure, name: str, part: int, title: str) -> Picture:
    """Render a figure: every text of it in the charts' font, nothing read as math, no date in the PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    # gone with the figure: a process that is killed, or ends without ado, would leave it behind
    with TemporaryDirectory(prefix="mkt-fonts-") as folder:
        set_fonts(figure, Path(folder))
        canvas.draw()
    image = Image.frombuffer("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba()))
    return picture_of(image, name, part, title, dpi=DPI)


def set_fonts(figure: Figure, folder: Path) -> None:
    """Give every text of a figure the charts' font and drop from it what the font cannot draw.

    The font's files are written into `folder`, and needed until the figure is drawn.
    """
    from matplotlib.text import Text

    for axes in figure.axes:  # the ticks make their labels only when asked
        axes.get_xticklabels()
        axes.get_yticklabels()
    texts: list[Any] = figure.findobj(Text)
    for text in texts:
        text.set_text("\n".join(drawable(line) for line in text.get_text().split("\n")))
        text.set_parse_math(False)
    for weight in (REGULAR, BOLD):
        chosen = [text for text in texts if (text.get_fontweight() == "bold") == (weight == BOLD)]
        if not chosen:
            continue
        path = matplotlib_font("".join(text.get_text() for text in chosen), folder, weight)
        for text in chosen:
            properties = text.get_fontproperties().copy()
            properties.set_file(path)
            text.set_fontproperties(properties)


def nothing_figure(title: str, sentence: str) -> Figure:
    """A figure that says that there is nothing to show, and why."""
    figure = new_figure(8.0, 2.4)
    top = headline(figure, title, "")
    write(figure, "\n".join(lines_of(sentence, 11, 7.4)), MARGIN, top + 0.25, 11, color=MUTED)
    return figure
