"""A crawl's whole run in a process of its own: `whole_run_worker.py run|plain DROPS HOME`.

`run` is the daily job, as `mkt run` executes it. `plain` is a script of the same calls with all in memory, without
tables, cache and Dagster, of the stages that are mostly calls to models and to core. The last line of standard output
is CPU seconds of each stage, of all, and peak memory in megabytes, as JSON.

Not here: comparing the two (test_whole_run).
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from mkt_assets.contract.schema import TABLES
from mkt_assets.settings import Settings


def cpu_seconds() -> float:
    """CPU seconds of this process, all its threads, and of its children that ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class Stages:
    """CPU seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._began: dict[str, float] = {}

    def begin(self, stage: str) -> None:
        self._began[stage] = cpu_seconds()

    def end(self, stage: str) -> None:
        self.seconds[stage] += cpu_seconds() - self._began.pop(stage)

    @contextmanager
    def of(self, stage: str) -> Generator[None]:
        self.begin(stage)
        yield
        self.end(stage)


def run(settings: Settings, crawl_date: date, stages: Stages) -> None:
    """The daily job of a crawl date; what is between the steps is counted as `between`."""
    from mkt_assets.orchestration.instance import prepare_instance

    prepare_instance(settings)
    import dagster as dg

    from mkt_assets.definitions import build_defs

    def listen(event: dg.EventLogEntry) -> None:
        if event.dagster_event is None or event.step_key is None:
            return
        stage = event.step_key if event.step_key in TABLES else "checks"
        if event.dagster_event.event_type == dg.DagsterEventType.STEP_START:
            stages.begin(stage)
        elif event.dagster_event.is_step_success:
            stages.end(stage)

    run_id = str(uuid4())
    with dg.DagsterInstance.get() as instance:
        instance.add_event_listener(run_id, listen)
        done = (
            build_defs(settings)
            .resolve_job_def("crawl")
            .execute_in_process(
                partition_key=crawl_date.isoformat(),
                instance=instance,
                run_id=run_id,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        )
    assert done.success
    stages.seconds["between"] = cpu_seconds() - sum(stages.seconds.values())


def plain(settings: Settings, crawl_date: date, stages: Stages) -> None:
    """The same calls, one after the other."""
    from mkt_assets.resources.models import Models

    models = Models(settings.model_options)
    with stages.of("raw_posts"):
        from mkt_assets.crawlers.drop import ingest_drop

        drop = ingest_drop(settings.drops_dir / crawl_date.isoformat(), crawl_date, hash_poster=str)
        posts = drop.posts.to_pylist()
    with stages.of("matted_images"):
        mattes = list(_mattes(settings, models, drop.media))
    with stages.of("image_embeddings"):
        pictures = _picture_vectors(settings, models, mattes)
    with stages.of("summaries"):
        from mkt_assets.core.text.summaries import Summarizer
        from mkt_assets.core.text.word_lists import load_stop_words

        summarizer = Summarizer(load_stop_words())
        made = [summarizer.summarize(post["title"], post["content"], post["tags"]) for post in posts]
    with stages.of("text_embeddings"):
        encoder = models.text_encoder(settings.text_encoder)
        texts = [one.encoder_text or one.summary for one in made if one.has_text]
        captions = np.concatenate([encoder.encode(texts[i : i + 64]) for i in range(0, len(texts), 64)])
    with stages.of("k_selection"):
        for vectors in (pictures, captions):
            _select_k(settings, vectors)
    with stages.of("item_positions"):
        from mkt_assets.core.maps.layout import fit_layout, place

        for vectors in (pictures, captions):
            place(vectors, fit_layout(vectors))


def _mattes(settings: Settings, models: Any, media: Any) -> Iterator[tuple[bytes, Any]]:
    """The matte of each picture, as WebP, and the facts of it."""
    from mkt_assets.compute.matting import Matting, Picture, Sent
    from mkt_assets.core.media.videos import FrameError, video_frames

    work = Matting(models.matting(settings.matting), settings.picture_limits)
    for file in media:
        sent: list[bytes | Picture] = [file.path.read_bytes()]
        if file.is_video:
            frames = video_frames(file.path, limits=settings.picture_limits)
            sent = [Picture(f.image, f.image.size) for f in frames if not isinstance(f, FrameError)]
        for picture in sent:
            [step] = work.compute([work.prepare(Sent(picture))])
            matted = work.finish(step)
            if matted.webp is not None and matted.facts is not None:
                yield matted.webp, matted.facts


def _picture_vectors(settings: Settings, models: Any, mattes: list[tuple[bytes, Any]]) -> Any:
    from PIL import ImageColor

    from mkt_assets.stored.mattes import matte_of, over_colour

    encoder = models.image_encoder(settings.image_encoder)
    red, green, blue = ImageColor.getrgb(settings.background)[:3]
    vectors: list[Any] = []
    for start in range(0, len(mattes), 32):
        batch = mattes[start : start + 32]
        opened = (over_colour(matte_of(webp), facts, (red, green, blue)) for webp, facts in batch)
        vectors.append(encoder.encode(np.stack([encoder.prepare(picture) for picture in opened])))
    return np.concatenate(vectors)


def _select_k(settings: Settings, vectors: Any) -> None:
    from mkt_assets.core.clustering.distinct import count_distinct
    from mkt_assets.core.clustering.kmeans import fit_sweep
    from mkt_assets.core.clustering.knee import choose_k, default_ks
    from mkt_assets.core.clustering.silhouette import silhouette
    from mkt_assets.core.clustering.stability import half_stability, seed_stability, sweeps_over_seeds

    n_distinct = count_distinct(vectors)
    sweep = fit_sweep(vectors, default_ks(n_distinct), random_state=settings.random_state)
    silhouettes = [silhouette(vectors, sweep.labels(k)) for k in sweep.ks]
    choose_k(sweep.ks, sweep.inertia, silhouettes, n_distinct=n_distinct, vectors=vectors)
    seed_stability(sweeps_over_seeds(vectors, sweep.ks), sweep.ks)
    half_stability(vectors, sweep.ks)


if __name__ == "__main__":
    how, drops, home = sys.argv[1:]
    settings = Settings.load(home=Path(home), drops=drops)
    crawl_date = date.fromisoformat(min(path.name for path in Path(drops).glob("2*")))
    stages = Stages()
    {"run": run, "plain": plain}[how](settings, crawl_date, stages)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"stages": stages.seconds, "cpu": cpu_seconds(), "peak": peak}))
