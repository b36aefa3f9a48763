"""matted_images: the person cut out of every picture and video frame. Matting itself is in core/ and models/."""

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from datetime import date
from functools import partial
from typing import Any

from mkt_assets.assets.metadata import counts, image_preview, markdown_table
from mkt_assets.assets.previews import before_and_after
from mkt_assets.assets.rows import RowsByPart
from mkt_assets.assets.step import Made, Run, step
from mkt_assets.compute.engines import open_engine
from mkt_assets.compute.matte_maker import MadeMatte, MatteMaker, MediaSource
from mkt_assets.compute.matting import Tiles
from mkt_assets.contract.tables.items import MATTED_IMAGES
from mkt_assets.contract.tables.rejects import REJECTS
from mkt_assets.core.media.matting import VerdictThresholds, verdict
from mkt_assets.core.progress import Progress, ProgressListener
from mkt_assets.crawlers.media import MediaFile
from mkt_assets.models.registry import runs_on_gpu
from mkt_assets.resources.accounts import AccountHasher
from mkt_assets.resources.cache import Cache
from mkt_assets.resources.drops import Drops
from mkt_assets.resources.files import FileStore
from mkt_assets.resources.media_memory import MediaMemory
from mkt_assets.resources.models import Models
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.stored.media import media_of_posts

PICTURES_SHOWN = 6


@step(
    MATTED_IMAGES,
    version=1,
    group="pictures",
    kinds={"python", "duckdb", "tensorflow"},
    deps=["raw_posts"],
    settings=(
        "matting",
        "reject_foreground_below",
        "flag_foreground_below",
        "flag_foreground_above",
        "max_picture_megapixels",
        "max_picture_megabytes",
        "max_video_megabytes",
        "max_video_seconds",
    ),
    description="Every picture and video frame (at 1/4, 2/4 and 3/4) with the person cut out. Nothing is deleted: "
    "a picture that cannot be used has the verdict 'rejected' and a reason.",
)
def matted_images(
    run: Run,
    warehouse: Warehouse,
    cache: Cache,
    media: FileStore,
    models: Models,
    accounts: AccountHasher,
    media_memory: MediaMemory,
    drops: Drops,
    progress: ProgressListener,
) -> Made:
    """Matte every picture and frame that is not known by its content."""
    crawl_date, settings = run.crawl_date, run.settings
    columns = ["post_id", "poster_id", "media_paths"]
    posts = warehouse.read("raw_posts", [crawl_date], columns=columns).to_pylist()
    files = media_of_posts(
        crawl_date, posts, drop_dir=drops.folder(crawl_date), memory=media_memory, hash_poster=accounts.hash
    )
    sources, refused = _sources(posts, files, crawl_date)
    model = models.matting(settings.matting)
    maker = MatteMaker(
        model,
        cache=cache,
        media=media,
        limits=settings.picture_limits,
        max_video_bytes=int(settings.max_video_megabytes * 1e6),
        workers=settings.workers,
        engine=open_engine(settings),
        load=partial(models.matting, settings.matting),
        on_gpu=runs_on_gpu("matting", settings.matting, settings.model_options),
    )
    bar = Progress("pictures matted", sum(len(s.frames) for s in sources), run.log, progress)
    thresholds = VerdictThresholds(
        settings.reject_foreground_below,
        settings.flag_foreground_below,
        settings.flag_foreground_above,
    )
    rows, rejects = RowsByPart(MATTED_IMAGES.arrow_schema()), RowsByPart(REJECTS.arrow_schema())
    for reject in refused:
        rejects.append(reject)
    seen, reasons, pairs = Counter[str](), Counter[str](), list[Tiles]()
    # each is forgotten when its row is written: a crawl has more pictures than memory has room for
    with closing(maker.make(sources, n_shown=PICTURES_SHOWN)) as made:
        for one in made:
            row = _row(crawl_date, one, thresholds, f"{model.model_id} {model.version}")
            rows.append(row)
            is_rejected, reason = row["verdict"] == "rejected", row["reason"]
            if is_rejected:
                rejects.append(_reject(crawl_date, one.source.media_name, one.source.post_id, str(reason)))
            elif one.before_and_after:
                pairs.append(one.before_and_after)
            if reason:
                reasons[str(reason)] += 1
            seen[str(row["verdict"])] += 1
            seen["from cache"] += one.from_cache
            seen["matted now"] += one.facts is not None and not one.from_cache
            bar.advance()
    shown = before_and_after(pairs)
    return Made(
        rows.table(),
        {
            "pictures": len(rows),
            "kept": seen["kept"],
            "flagged": seen["flagged"],
            "rejected": seen["rejected"],
            "rejects": len(rejects),
            "from_cache": seen["from cache"],
            "matted_now": seen["matted now"],
            "reasons": markdown_table(counts(reasons.elements())[:20]),
            "model": f"{model.model_id} {model.version}, {model.licence}",
            **({"before_and_after": image_preview(shown, "before and after")} if shown else {}),
        },
        rejects=rejects.table(),
    )


def _sources(
    posts: list[dict[str, Any]], files: Iterable[MediaFile], crawl_date: date
) -> tuple[list[MediaSource], list[dict[str, object]]]:
    """What is to be matted of the posts' media, and rejects for the files that are not there or not needed."""
    by_name = {file.name: file for file in files}
    sources: list[MediaSource] = []
    refused: list[dict[str, object]] = []
    for post in posts:
        # stills first: a frame that the crawler extracted itself is preferred to the video's
        found = [(name, by_name.get(name)) for name in post["media_paths"]]
        taken: set[str] = set()
        for name, file in sorted(found, key=lambda item: item[1] is not None and item[1].is_video):
            if file is None:
                reason = "the file was in the drop when its post was read, and is gone"
                refused.append(_reject(crawl_date, name, post["post_id"], reason))
                continue
            source = MediaSource(
                file.path, name, post["post_id"], post["poster_id"], None if file.is_video else file.frame
            )
            if taken.intersection(source.frames):
                reason = "the post has other pictures of the same frame names"
                refused.append(_reject(crawl_date, name, post["post_id"], reason))
                continue
            taken.update(source.frames)
            sources.append(source)
    return sources, refused


def _reject(crawl_date: date, source_file: str, post_id: object, reason: str) -> dict[str, object]:
    return {
        "crawl_date": crawl_date,
        "asset": "matted_images",
        "source_file": source_file,
        "source_row": None,
        "post_id": post_id,
        "reason": reason,
    }


def _row(crawl_date: date, made: MadeMatte, thresholds: VerdictThresholds, model: str) -> dict[str, object]:
    judged: Iterable[str | None] = ("rejected", made.error)
    facts: dict[str, object] = {}
    if made.facts is not None:
        judged = verdict(made.facts.foreground_ratio, thresholds)
        facts = made.facts.as_row()
    verdict_name, reason = judged
    return {
        "crawl_date": crawl_date,
        "post_id": made.source.post_id,
        "poster_id": made.source.poster_id,
        "frame": made.frame,
        "media_path": made.source.media_name,
        "content_sha256": made.content_sha256,
        "verdict": verdict_name,
        "reason": reason,
        "matting_model": model,
        **facts,
    }
