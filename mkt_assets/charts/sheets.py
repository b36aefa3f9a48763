"""Contact sheets: what is in a cluster, as pictures or captions, most typical first. Drawn with Pillow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from mkt_assets.charts.base import Picture, picture_of
from mkt_assets.charts.fonts import BOLD, REGULAR, drawable, pillow_font
from mkt_assets.charts.palette import INK, MUTED, PAPER, TILE, cluster_colour, ink_on
from mkt_assets.charts.typeset import elide, wrap

MAX_TILES = 25
MAX_CAPTIONS = 15

_MARGIN, _GAP = 36, 10
_TILE_WIDTH, _TILE_HEIGHT, _TILE_COLUMNS = 190, 240, 5
_ROW_TILE_WIDTH, _ROW_TILE_HEIGHT = 104, 132
_SHEET_WIDTH = 2 * _MARGIN + _TILE_COLUMNS * _TILE_WIDTH + (_TILE_COLUMNS - 1) * _GAP
_LABEL_WIDTH = 210
_BADGE = 44
_TITLE_PIXELS, _SUBTITLE_PIXELS, _TEXT_PIXELS, _LINE = 34, 19, 22, 31


@dataclass(frozen=True)
class ImageCluster:
    """An image cluster for the overview; `tiles` are mattes, nearest to the centroid first."""

    cluster_id: int
    tiles: Sequence[Image.Image]
    n_images: int
    n_posts: int
    n_posters: int
    name: str = ""


@dataclass(frozen=True)
class TextCluster:
    """A text cluster for the overview; `captions` are the most typical ones first."""

    cluster_id: int
    captions: Sequence[str]
    n_posts: int
    n_posters: int
    name: str = ""


def draw_cluster_sheet(
    cluster_id: int,
    tiles: Sequence[Image.Image],
    n_images: int,
    n_posts: int,
    n_posters: int,
    *,
    name: str = "",
) -> Picture:
    """Draw the contact sheet of an image cluster.

    Args:
        cluster_id: the cluster; becomes the part.
        tiles: mattes (RGBA) or pictures, nearest to the centroid first; the first 25 are drawn.
        n_images: images in the cluster.
        n_posts: posts they come from.
        n_posters: accounts they come from.
        name: name of the cluster, if it has one.

    Returns:
        The picture `cluster_sheet`.
    """
    shown = tiles[:MAX_TILES]
    title = _title("Image cluster", cluster_id, name)
    which = f"the {len(shown)} nearest to the centre, nearest first" if shown else "no picture to show"
    subtitle = f"{_count(n_images, 'image')} · {_people(n_posts, n_posters)} · {which}"
    top = _header_height()
    n_rows = -(-len(shown) // _TILE_COLUMNS)
    sheet = _sheet(top + n_rows * (_TILE_HEIGHT + _GAP) + _MARGIN - _GAP, title, subtitle, cluster_id)
    for index, tile in enumerate(shown):
        row, column = divmod(index, _TILE_COLUMNS)
        left = _MARGIN + column * (_TILE_WIDTH + _GAP)
        sheet.paste(_fitted(tile, _TILE_WIDTH, _TILE_HEIGHT), (left, top + row * (_TILE_HEIGHT + _GAP)))
    return picture_of(sheet, "cluster_sheet", cluster_id, title)


def draw_overview(clusters: Sequence[ImageCluster], *, max_rows: int = 16, max_tiles: int = 8) -> Picture:
    """Draw one picture of all image clusters, or of the biggest: a row each, with its most typical images.

    Returns:
        The picture `clusters_overview`.
    """
    shown = sorted(clusters, key=lambda c: (-c.n_images, c.cluster_id))[:max_rows]
    title = _overview_title("image", len(shown), len(clusters))
    n_shown, n_all = sum(c.n_images for c in shown), sum(c.n_images for c in clusters)
    subtitle = f"{n_shown:,} of {_count(n_all, 'image')} · a row's images: nearest to the centre first"
    top, row_height = _header_height(), _ROW_TILE_HEIGHT + 2 * _GAP
    width = 2 * _MARGIN + _LABEL_WIDTH + max_tiles * (_ROW_TILE_WIDTH + _GAP) - _GAP
    sheet = _sheet(top + len(shown) * row_height + _MARGIN - _GAP, title, subtitle, width=width)
    for row, cluster in enumerate(shown):
        y = top + row * row_height
        size = (f"{_count(cluster.n_images, 'image')}", *_people_lines(cluster.n_posts, cluster.n_posters))
        _row_label(sheet, y, cluster.cluster_id, cluster.name, size)
        for column, tile in enumerate(cluster.tiles[:max_tiles]):
            left = _MARGIN + _LABEL_WIDTH + column * (_ROW_TILE_WIDTH + _GAP)
            sheet.paste(_fitted(tile, _ROW_TILE_WIDTH, _ROW_TILE_HEIGHT), (left, y))
    return picture_of(sheet, "clusters_overview", 0, title)


def draw_caption_sheet(
    cluster_id: int, captions: Sequence[str], n_posts: int, n_posters: int, *, name: str = ""
) -> Picture:
    """Draw the most typical captions of a text cluster.

    Args:
        cluster_id: the cluster; becomes the part.
        captions: texts, nearest to the centroid first; the first 15 are drawn, four lines of each.
        n_posts: posts in the cluster.
        n_posters: accounts they come from.
        name: name of the cluster, if it has one.

    Returns:
        The picture `caption_sheet`.
    """
    shown = captions[:MAX_CAPTIONS]
    title = _title("Text cluster", cluster_id, name)
    which = f"the {len(shown)} most typical captions, most typical first" if shown else "no caption to show"
    subtitle = f"{_people(n_posts, n_posters)} · {which}"
    blocks = [_caption_lines(caption, _SHEET_WIDTH - 2 * _MARGIN - 84, 4) for caption in shown]
    top = _header_height()
    heights = [len(lines) * _LINE + 26 for lines in blocks]
    sheet = _sheet(top + sum(heights) + _GAP * max(len(blocks) - 1, 0) + _MARGIN, title, subtitle, cluster_id)
    draw = ImageDraw.Draw(sheet)
    y = top
    for number, (lines, height) in enumerate(zip(blocks, heights, strict=True), start=1):
        draw.rounded_rectangle((_MARGIN, y, sheet.width - _MARGIN, y + height), 10, fill=TILE)
        draw.text((_MARGIN + 40, y + 16), str(number), MUTED, pillow_font(18), anchor="ra")
        _write_lines(draw, (_MARGIN + 60, y + 10), lines)
        y += height + _GAP
    return picture_of(sheet, "caption_sheet", cluster_id, title)


def draw_captions_overview(clusters: Sequence[TextCluster], *, max_captions: int = 3) -> Picture:
    """Draw one picture of all text clusters: a row each, with its most typical captions, two lines of each.

    Returns:
        The picture `captions_overview`.
    """
    shown = sorted(clusters, key=lambda c: (-c.n_posts, c.cluster_id))
    title = _overview_title("text", len(shown), len(shown))
    subtitle = f"{_count(sum(c.n_posts for c in shown), 'post')} · a row's captions: most typical first"
    room = _SHEET_WIDTH - 2 * _MARGIN - _LABEL_WIDTH - 40
    rows = [[_caption_lines(text, room, 2) for text in c.captions[:max_captions]] for c in shown]
    heights = [max(sum(len(lines) * _LINE + 12 for lines in row) + 14, 112) for row in rows]
    top = _header_height()
    sheet = _sheet(top + sum(heights) + _GAP * max(len(rows) - 1, 0) + _MARGIN, title, subtitle)
    draw = ImageDraw.Draw(sheet)
    y = top
    for cluster, row, height in zip(shown, rows, heights, strict=True):
        box = (_MARGIN + _LABEL_WIDTH, y, sheet.width - _MARGIN, y + height)
        draw.rounded_rectangle(box, 10, fill=TILE)
        _row_label(
            sheet, y, cluster.cluster_id, cluster.name, _people_lines(cluster.n_posts, cluster.n_posters)
        )
        line_top = y + 12
        for lines in row:
            draw.ellipse((box[0] + 13, line_top + 14, box[0] + 18, line_top + 19), fill=MUTED)
            _write_lines(draw, (box[0] + 28, line_top), lines)
            line_top += len(lines) * _LINE + 12
        y += height + _GAP
    return picture_of(sheet, "captions_overview", 0, title)


def _title(what: str, cluster_id: int, name: str) -> str:
    return f"{drawable(name)} ({what.lower()} {cluster_id})" if drawable(name) else f"{what} {cluster_id}"


def _overview_title(modality: str, n_shown: int, n_all: int) -> str:
    if n_all == 0:
        return f"No {modality} clusters"
    return (
        f"All {n_all} {modality} clusters"
        if n_shown == n_all
        else f"The {n_shown} biggest of {n_all} {modality} clusters"
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _people_lines(n_posts: int, n_posters: int) -> tuple[str, str]:
    return _count(n_posts, "post"), f"by {_count(n_posters, 'account')}"


def _people(n_posts: int, n_posters: int) -> str:
    return " ".join(_people_lines(n_posts, n_posters))


def _header_height() -> int:
    return _MARGIN + _TITLE_PIXELS + 18 + _SUBTITLE_PIXELS + 26


def _sheet(
    height: int, title: str, subtitle: str, cluster_id: int | None = None, width: int = _SHEET_WIDTH
) -> Image.Image:
    """An empty sheet with its header; a cluster's own has a bar in its colour."""
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    left = _MARGIN
    if cluster_id is not None:
        draw.rectangle((left, _MARGIN, left + 7, _header_height() - 26), fill=cluster_colour(cluster_id))
        left += 22
    room = sheet.width - left - _MARGIN
    bold, regular = pillow_font(_TITLE_PIXELS, BOLD), pillow_font(_SUBTITLE_PIXELS)
    draw.text((left, _MARGIN + _TITLE_PIXELS), elide(title, bold.getlength, room), INK, bold, anchor="ls")
    baseline = _MARGIN + _TITLE_PIXELS + 14 + _SUBTITLE_PIXELS
    draw.text((left, baseline), elide(subtitle, regular.getlength, room), MUTED, regular, anchor="ls")
    return sheet


def _row_label(sheet: Image.Image, top: int, cluster_id: int, name: str, size: Sequence[str]) -> None:
    draw = ImageDraw.Draw(sheet)
    colour = cluster_colour(cluster_id)
    draw.rounded_rectangle((_MARGIN, top, _MARGIN + _BADGE, top + _BADGE), 8, fill=colour)
    middle = (_MARGIN + _BADGE / 2, top + _BADGE / 2)
    draw.text(middle, str(cluster_id), ink_on(colour), pillow_font(20, BOLD), anchor="mm")
    left, y = _MARGIN + _BADGE + 12, top
    bold, regular = pillow_font(18, BOLD), pillow_font(16)
    room = _LABEL_WIDTH - _BADGE - 24
    for line in wrap(drawable(name), bold.getlength, room, 2):
        draw.text((left, y), line, INK, bold)
        y += 25
    for line in size:
        draw.text((left, y + 2), elide(line, regular.getlength, room), MUTED, regular)
        y += 23


def _fitted(tile: Image.Image, width: int, height: int) -> Image.Image:
    """`tile` as large as fits inside, centred on the tile colour; its transparency shows that colour."""
    ground = Image.new("RGBA", (width, height), TILE)
    scale = min((width - 16) / tile.width, (height - 16) / tile.height)
    size = (max(round(tile.width * scale), 1), max(round(tile.height * scale), 1))
    small = tile.convert("RGBA").resize(size, Image.Resampling.LANCZOS)
    ground.alpha_composite(small, ((width - size[0]) // 2, (height - size[1]) // 2))
    return ground.convert("RGB")


def _caption_lines(caption: str, room: int, max_lines: int) -> list[str]:
    return wrap(drawable(caption), pillow_font(_TEXT_PIXELS, REGULAR).getlength, room, max_lines) or ["—"]


def _write_lines(draw: ImageDraw.ImageDraw, at: tuple[int, int], lines: Sequence[str]) -> None:
    font = pillow_font(_TEXT_PIXELS, REGULAR)
    for number, line in enumerate(lines):
        draw.text((at[0], at[1] + number * _LINE), line, INK, font)
