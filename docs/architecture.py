"""Draws the pictures of architecture.md from the code: the assets as Dagster has them, the rooms as they import.

Run by `make docs`. What the pictures mean is told in architecture.md; nothing here is read when the platform runs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from html import escape
from itertools import pairwise
from pathlib import Path
from statistics import fmean

PROJECT = Path(__file__).resolve().parents[1]
PACKAGES = ("mkt_assets", "mkt_sample")

COLUMN_GAP, ROW, BOX_HEIGHT, MARGIN = 46, 44, 28, 16
CHARACTER_WIDTH, PADDING = 7.3, 22
COLOURS = ("#dbe7f3", "#e3efdb", "#f6e3d3", "#eadff0", "#f3ecc9", "#dcedec", "#f3dbe0", "#e8e8e8")

Graph = Mapping[str, set[str]]
"""Each name with those it needs."""


def pictures() -> dict[str, str]:
    """SVG by file name, the same for the same code."""
    assets, groups = asset_graph()
    rooms = room_graph()
    families = {room: _family(room) for room in rooms}
    return {
        "assets.svg": draw(assets, groups, "The assets and what each is made of"),
        "rooms.svg": draw(_reversed(rooms), families, "The rooms of the code and who imports whom"),
    }


def asset_graph() -> tuple[dict[str, set[str]], dict[str, str]]:
    """Each asset with those it is made of, and each asset's group in the Dagster UI."""
    from mkt_assets.definitions import build_defs

    nodes = build_defs().resolve_asset_graph().asset_nodes
    graph = {node.key.to_user_string(): {key.to_user_string() for key in node.parent_keys} for node in nodes}
    # trends are carried over from the crawl before: no arrow to itself
    return (
        {name: needed - {name} for name, needed in graph.items()},
        {node.key.to_user_string(): node.group_name or "" for node in nodes},
    )


def room_graph() -> dict[str, set[str]]:
    """Each room of the code with those it imports."""
    rooms: dict[str, set[str]] = {}
    for module, imported in imports_by_module().items():
        rooms.setdefault(room_of(module), set()).update(room_of(other) for other in imported)
    # these three have docstrings or one call, and no code
    empty = {"mkt_assets", "mkt_assets.core", "mkt_assets.__main__"}
    named = {room: room.removeprefix("mkt_assets.").replace(".", "/") for room in rooms.keys() - empty}
    return {
        name: {named[other] for other in rooms[room] - {room} if other in named}
        for room, name in named.items()
    }


def room_of(module: str) -> str:
    """mkt_assets.core.text.summaries is of the room mkt_assets.core.text; a package without rooms is one."""
    if not module.startswith("mkt_assets."):
        return module.split(".")[0]
    return ".".join(module.split(".")[: 3 if module.startswith("mkt_assets.core.") else 2])


def imports_by_module() -> dict[str, set[str]]:
    """The modules of ours that each module imports, wherever in the file."""
    files = {
        ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): path
        for package in PACKAGES
        for path in (PROJECT / package).rglob("*.py")
    }
    found: dict[str, set[str]] = {}
    for module, path in files.items():
        names: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        # a package's own __init__ re-exports from its modules
        found[module] = {
            name for name in names if name in files and name != module and not module.startswith(name + ".")
        }
    return found


def draw(graph: Graph, groups: Mapping[str, str], title: str) -> str:
    """A graph from left to right; an arrow that others imply is left out.

    Args:
        graph: each name with those to its left.
        groups: the name of each box's colour.
        title: for those who hear the picture.
    """
    layout = _laid_out(_without_implied(graph))
    colours = dict(zip(sorted(set(groups.values())), COLOURS * 2, strict=False))
    lines = [_line(path, layout) for path in layout.paths]
    boxes = [
        f'<g><rect x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{BOX_HEIGHT}" rx="6" '
        f'fill="{colours[groups[name]]}" stroke="#8a93a0"/><text x="{box.x + box.width / 2:.0f}" '
        f'y="{box.y + 18:.0f}" text-anchor="middle">{escape(name)}</text></g>'
        for name, box in sorted(layout.boxes.items())
        if name in graph
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {layout.width:.0f} {layout.height:.0f}" '
            f'role="img" font-family="sans-serif" font-size="13" fill="#1f2430">',
            f"<title>{escape(title)}</title>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto"><path d="M0 0L8 4L0 8z" fill="#6b7380"/></marker></defs>',
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            *lines,
            *boxes,
            "</svg>\n",
        ]
    )


@dataclass(frozen=True)
class _Box:
    x: float
    y: float
    width: float


@dataclass(frozen=True)
class _Layout:
    boxes: Mapping[str, _Box]
    paths: Sequence[Sequence[str]]
    width: float
    height: float


def _family(room: str) -> str:
    if room.startswith("core/"):
        return "pure"
    return (
        "shell" if room in ("assets", "orchestration", "commands", "operations", "definitions") else "library"
    )


def _reversed(graph: Graph) -> dict[str, set[str]]:
    return {name: {other for other, needed in graph.items() if name in needed} for name in graph}


def _without_implied(graph: Graph) -> dict[str, set[str]]:
    beyond: dict[str, set[str]] = {}
    for name in TopologicalSorter(graph).static_order():
        beyond[name] = set().union(*(beyond[other] | {other} for other in graph[name]))
    return {
        name: needed - set().union(*(beyond[other] for other in needed)) for name, needed in graph.items()
    }


def _laid_out(graph: Graph) -> _Layout:
    """Columns by the longest way from the left; a long arrow holds a place in each column that it crosses."""
    depth: dict[str, int] = {}
    for name in TopologicalSorter({key: sorted(graph[key]) for key in sorted(graph)}).static_order():
        depth[name] = max((depth[other] + 1 for other in graph[name]), default=0)
    columns: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for name in sorted(depth):
        columns[depth[name]].append(name)
    paths: list[list[str]] = []
    for name in sorted(graph):
        for other in sorted(graph[name]):
            between = [f"{other}>{name}@{column}" for column in range(depth[other] + 1, depth[name])]
            for place in between:
                columns[int(place.rpartition("@")[2])].append(place)
            paths.append([other, *between, name])
    _uncross(columns, [pair for path in paths for pair in pairwise(path)])
    return _placed(columns, paths, graph)


def _uncross(columns: list[list[str]], pairs: Iterable[tuple[str, str]]) -> None:
    """Orders each column by the mean place of what it is joined with, back and forth."""
    left: dict[str, list[str]] = {}
    right: dict[str, list[str]] = {}
    for a, b in pairs:
        left.setdefault(b, []).append(a)
        right.setdefault(a, []).append(b)
    for sweep in range(24):
        forth = sweep % 2 == 0
        joined = left if forth else right
        order = range(1, len(columns)) if forth else range(len(columns) - 2, -1, -1)
        for i in order:
            beside = columns[i - 1 if forth else i + 1]
            place = {name: (k + 0.5) / len(beside) for k, name in enumerate(beside)}
            own = {name: (k + 0.5) / len(columns[i]) for k, name in enumerate(columns[i])}
            mean = {
                name: fmean([place[o] for o in joined.get(name, [])] or [own[name]]) for name in columns[i]
            }
            columns[i].sort(key=lambda name, mean=mean: (mean[name], name))


def _placed(columns: Sequence[Sequence[str]], paths: Sequence[Sequence[str]], graph: Graph) -> _Layout:
    height = max(map(len, columns)) * ROW + 2 * MARGIN
    boxes: dict[str, _Box] = {}
    x = float(MARGIN)
    for column in columns:
        width = max(len(name) for name in column if name in graph) * CHARACTER_WIDTH + PADDING
        top = (height - len(column) * ROW) / 2 + (ROW - BOX_HEIGHT) / 2
        for row, name in enumerate(column):
            boxes[name] = _Box(x, top + row * ROW, width)
        x += width + COLUMN_GAP
    return _Layout(boxes, paths, x - COLUMN_GAP + MARGIN, height)


def _line(path: Sequence[str], layout: _Layout) -> str:
    start = layout.boxes[path[0]]
    drawn = f"M{start.x + start.width:.0f} {start.y + BOX_HEIGHT / 2:.0f}"
    end = start.x + start.width
    for name in path[1:]:
        box = layout.boxes[name]
        y, middle = box.y + BOX_HEIGHT / 2, (end + box.x) / 2
        before = layout.boxes[path[path.index(name) - 1]]
        drawn += f"C{middle:.0f} {before.y + BOX_HEIGHT / 2:.0f} {middle:.0f} {y:.0f} {box.x:.0f} {y:.0f}"
        end = box.x + box.width
        if name != path[-1]:
            drawn += f"H{end:.0f}"
    return f'<path d="{drawn}" fill="none" stroke="#6b7380" marker-end="url(#tip)"/>'


if __name__ == "__main__":
    for name, svg in pictures().items():
        (PROJECT / "docs" / name).write_text(svg, "utf-8")
