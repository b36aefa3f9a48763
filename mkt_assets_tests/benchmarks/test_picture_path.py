"""The way of a picture from the drop to its vector, by stage, beside a plain script of the same calls: CPU time.

Not here: the network alone against its package (test_bundled_encoder), the whole run (test_whole_run).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from PIL import ImageColor

from mkt_assets.compute.embedding import embed_pictures
from mkt_assets.compute.matte_maker import MatteMaker, MediaSource
from mkt_assets.compute.sent_mattes import SentMatte, open_sent
from mkt_assets.core.media.matte_facts import MatteFacts
from mkt_assets.core.media.matting import cut_out, encode_cutout, matte_picture
from mkt_assets.core.media.pictures import PictureError, decode_picture
from mkt_assets.models.base import as_batch
from mkt_assets.resources.models import Models
from mkt_assets.resources.opening import open_cache, open_files
from mkt_assets.settings import Settings
from mkt_assets.stored.mattes import matte_of, over_colour
from mkt_sample import generate

N_POSTS, BATCH = 90, 32
MOST_TIMES = 1.5
"""What threads, cache and files may cost: so many times the CPU of a script."""


def can_be_decoded(path: Path, settings: Settings) -> bool:
    """Whether it is a picture, and none of the damaged ones that a sample has."""
    try:
        decode_picture(path.read_bytes(), limits=settings.picture_limits)
    except PictureError:
        return False
    return True


class Clock:
    """CPU seconds of this process, by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def of(self, stage: str) -> Generator[None]:
        began = time.process_time()
        yield
        self.seconds[stage] += time.process_time() - began


def script(paths: Sequence[Path], settings: Settings, models: Models, folder: Path) -> Clock:
    """Each call for each picture, one after the other."""
    clock = Clock()
    matting, encoder = models.matting(settings.matting), models.image_encoder(settings.image_encoder)
    red, green, blue = ImageColor.getrgb(settings.background)[:3]
    stored: list[tuple[Path, MatteFacts]] = []
    for number, path in enumerate(paths):
        with clock.of("decode"):
            picture = decode_picture(path.read_bytes(), limits=settings.picture_limits)
        with clock.of("matte"):
            matte = matte_picture(picture, matting)
        if matte.bbox is None:
            continue
        with clock.of("store"):
            file = folder / f"{number}.webp"
            file.write_bytes(encode_cutout(cut_out(picture, matte)))
        facts = MatteFacts(file.name, matte.source, matte.foreground_ratio, *picture.size, *matte.bbox)
        stored.append((file, facts))
    for start in range(0, len(stored), BATCH):
        batch = stored[start : start + BATCH]
        with clock.of("composite"):
            seen = [
                over_colour(matte_of(file.read_bytes()), facts, (red, green, blue)) for file, facts in batch
            ]
        with clock.of("embed"):
            encoder.encode(as_batch([encoder.prepare(picture) for picture in seen]))
    return clock


def platform(paths: Sequence[Path], settings: Settings, models: Models) -> Clock:
    """The same by what the steps of the platform call: mattes are kept, then opened again to be embedded."""
    clock = Clock()
    cache, media = open_cache(settings), open_files(settings, "media")
    red, green, blue = ImageColor.getrgb(settings.background)[:3]
    with clock.of("decode, matte, store"):
        maker = MatteMaker(
            models.matting(settings.matting),
            cache=cache,
            media=media,
            limits=settings.picture_limits,
            max_video_bytes=0,
            workers=settings.workers,
        )
        sources = [MediaSource(path, path.name, path.parent.name, "poster", "post") for path in paths]
        made = list(maker.make(sources))
    facts = {m.facts.matte_path: m.facts for m in made if m.facts is not None and m.facts.matte_path}
    with clock.of("composite, embed"):
        embed_pictures(
            list(facts),
            partial(open_sent, colour=(red, green, blue)),
            models.image_encoder(settings.image_encoder),
            cache,
            around=settings.background,
            workers=settings.workers,
            read=lambda path: SentMatte(media.read(path), facts[path]),
        )
    return clock


def test_a_picture_costs_little_more_than_a_script_of_the_same_calls(tmp_path: Path) -> None:
    generate(tmp_path / "drops", n_crawl_dates=1, n_posts=N_POSTS, seed=7)
    media = sorted((tmp_path / "drops").glob("2*/media/**/post.*"))
    settings, models = Settings.load(home=tmp_path / "home", drops=tmp_path / "drops"), Models()
    paths = [path for path in media if can_be_decoded(path, settings)]
    script(paths[:2], settings, models, tmp_path)  # what is done once: models loaded, the network exported
    peer, ours = script(paths, settings, models, tmp_path), platform(paths, settings, models)
    print(f"\n{len(paths)} pictures, CPU ms each")
    for who, clock in (("script", peer), ("ours", ours)):
        for stage, seconds in clock.seconds.items():
            print(f"  {who:<8}{stage:<22}{1000 * seconds / len(paths):8.1f}")
    ratio = sum(ours.seconds.values()) / sum(peer.seconds.values())
    print(f"  in all  {'':<22}{1000 * sum(ours.seconds.values()) / len(paths):8.1f}, ratio {ratio:.2f}")
    assert ratio <= MOST_TIMES
