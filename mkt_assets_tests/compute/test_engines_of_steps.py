"""Charts and experiments are the same wherever they are made, and what no worker survives is told."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mkt_assets.charts.base import Picture
from mkt_assets.charts.elbow import draw_elbow
from mkt_assets.charts.sheets import ImageCluster, TextCluster, draw_captions_overview, draw_overview
from mkt_assets.compute.drawing import (
    NotDrawn,
    Tile,
    ToDraw,
    draw_each,
    draw_tiled_overview,
    draw_tiled_sheet,
)
from mkt_assets.compute.engine import Engine
from mkt_assets.compute.processes import begin_processes, end_processes
from mkt_assets.compute.threads import ThreadEngine
from mkt_assets.compute.trying import try_each
from mkt_assets.core.experiments.comparison import References
from mkt_assets.core.experiments.controls import copied_texts
from mkt_assets.core.experiments.sample import Sample
from mkt_assets.core.experiments.variants import Attempt, Tried, compare, matting_of, methods_of
from mkt_assets_tests.compute.deadly_steps import DrawnAtTheSecondTime, TriedAtTheSecondTime
from mkt_assets_tests.compute.deadly_work import Losing, computed

N = 60


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Where workers note that they were asked."""
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


@pytest.fixture(params=["processes", "ray"])
def elsewhere(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine that computes what is long in other processes than this one."""
    if request.param == "ray":
        yield request.getfixturevalue("ray_engine")
        return
    begin_processes(2).join()
    yield ThreadEngine(n_processes=2)
    end_processes()


def matte(size: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.radial_gradient("L").resize(size).convert("RGBA").save(buffer, "WEBP", lossless=True)
    return buffer.getvalue()


def drawings() -> list[ToDraw]:
    """One of matplotlib, of two pictures; sheets of mattes and of captions."""
    curve = pd.DataFrame(
        {
            "k": [2, 3],
            "inertia": [9.0, 5.0],
            "silhouette": [None, 0.2],
            "stability": [None, None],
            "chosen": [False, True],
            "chosen_by": [None, "pin"],
            "reason": [None, "It was asked for"],
            "n_items": 12,
        }
    )
    tiles = [Tile(matte(size), 320) for size in ((400, 300), (90, 500))]
    cluster = ImageCluster(3, (), 5, 4, 2, "Linen")
    of_captions = [TextCluster(i, [f"caption {i}", "白裙子"], 4, 2) for i in range(2)]
    return [
        ToDraw("The curves", partial(_two_elbows, curve)),
        ToDraw("The sheet", partial(draw_tiled_sheet, cluster, tiles), tiles),
        ToDraw("The overview", partial(draw_tiled_overview, [cluster], [tiles], max_rows=1), tiles),
        ToDraw("The captions", partial(draw_captions_overview, of_captions)),
    ]


def _two_elbows(curve: pd.DataFrame) -> list[Picture]:
    return [draw_elbow(modality, curve) for modality in ("image", "text")]


def drawn(engine: Engine, what: list[ToDraw]) -> list[Picture | NotDrawn]:
    found = draw_each(what, engine=engine, workers=2)
    return [one if isinstance(one, NotDrawn) else one.picture for one in found]


def test_pictures_are_the_same_to_the_byte_wherever_they_are_drawn_though_a_worker_is_killed(
    elsewhere: Engine, notes: Path
) -> None:
    here = [picture for one in drawings() for picture in _as_list(one.draw())]
    curves, sheet, overview, captions = drawings()
    deadly = ToDraw(sheet.what, DrawnAtTheSecondTime(notes, sheet.draw), sheet.tiles)  # pyright: ignore[reportArgumentType]
    assert drawn(elsewhere, [curves, deadly, overview, captions]) == here
    assert [picture.name for picture in here] == [
        *("elbow_image", "elbow_text", "cluster_sheet", "clusters_overview", "captions_overview")
    ]
    assert len({process for _, process in computed(notes)}) == 2


def test_in_this_process_pictures_come_in_order_and_a_tile_of_two_sheets_is_opened_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mkt_assets.compute import drawing

    opened: list[bytes] = []
    thumbnail_of = drawing.thumbnail_of

    def counted(webp: bytes, *how: Any) -> Image.Image:
        opened.append(webp)
        return thumbnail_of(webp, *how)

    monkeypatch.setattr(drawing, "thumbnail_of", counted)
    _, sheet, overview, _ = what = drawings()
    pictures = drawn(ThreadEngine(), what)
    assert sorted(opened) == sorted(tile.webp for tile in sheet.tiles)
    tiles = [tile.image for tile in overview.tiles]
    assert pictures[3] == draw_overview([ImageCluster(3, tiles, 5, 4, 2, "Linen")])


def test_a_picture_that_no_worker_survives_is_told_of_in_its_place_and_the_others_are_there() -> None:
    first, second, lost, *others = drawn(Losing(), drawings())
    assert lost == NotDrawn("The sheet is not drawn: it is deadly.")
    there = [first, second, *others]
    names = [picture.name for picture in there if isinstance(picture, Picture)]
    assert names == ["elbow_image", "elbow_text", "clusters_overview", "captions_overview"]


def sample() -> Sample:
    """Three groups, in vectors that are large enough to be sent as what nobody may write to."""
    rng = np.random.default_rng(0)
    of = np.arange(N) % 3
    points = np.eye(3, 512)[of] + 0.02 * rng.normal(size=(N, 512))
    X = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    ids, accounts = [f"post {i}" for i in range(N)], [f"account {i % 11}" for i in range(N)]
    is_copy = copied_texts([f"text {i // 2}" for i in range(N)])
    return Sample("image", X, "own 1", N, 3, References(ids, accounts, of.tolist(), of.tolist(), is_copy))


def test_trials_are_the_same_wherever_they_are_made_though_a_worker_is_killed(
    elsewhere: Engine, notes: Path
) -> None:
    def try_one_deadly(attempts: Any) -> Any:
        made = [
            TriedAtTheSecondTime(one.method, one.sample, one.random_state, notes)
            if one.method == "dbscan"
            else one
            for one in attempts
        ]
        return try_each(made, engine=elsewhere)

    variants = [*methods_of(sample()), *matting_of(sample().part(range(1, N)), sample().X[1:])]
    here, there = list(compare(variants)), list(compare(variants, try_each=try_one_deadly))
    for mine, other in zip(here, there, strict=True):
        assert mine.pop("seconds") > 0
        assert other.pop("seconds") > 0
        assert (mine["status"], list(mine)) == ("run", list(other))
        np.testing.assert_equal(other, mine)
    assert len({process for _, process in computed(notes)}) == 2


def test_a_trial_that_no_worker_survives_is_a_row_that_says_so() -> None:
    rows = list(compare(methods_of(sample()), try_each=partial(try_each, engine=Losing())))
    assert [row["status"] for row in rows] == ["run", "not run: it is deadly", "run", "run"]


def test_what_is_tried_is_asked_for_one_after_the_other() -> None:
    asked: list[str] = []

    class Noted(Attempt):
        def tried(self) -> Tried:
            asked.append(self.method)
            return super().tried()

    results = try_each([Noted(method, sample()) for method in ("k-means", "dbscan")], engine=ThreadEngine())
    next(results)
    assert asked == ["k-means"]


def _as_list(drawn: Any) -> list[Picture]:
    return [drawn] if isinstance(drawn, Picture) else drawn
