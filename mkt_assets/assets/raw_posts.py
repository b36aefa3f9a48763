"""raw_posts: the crawl drop, read, cleaned of duplicates, and stored. Reading itself is in crawlers/."""

from mkt_assets.assets.metadata import counts, markdown_table
from mkt_assets.assets.step import Made, Run, step
from mkt_assets.contract.tables.items import RAW_POSTS
from mkt_assets.crawlers.broken import refuse_broken, told
from mkt_assets.crawlers.drop import ingest_drop
from mkt_assets.orchestration.checks import FILES_REJECTED, FIRST_REJECTED, ROWS_READ, ROWS_REJECTED
from mkt_assets.orchestration.drop_state import DIGEST_KEY
from mkt_assets.resources.accounts import AccountHasher
from mkt_assets.resources.drops import Drops
from mkt_assets.resources.media_memory import MediaMemory
from mkt_assets.resources.tombstones import TombstoneStore, names_any
from mkt_assets.resources.warehouse import Warehouse

_MOST_LISTED = 50


@step(
    RAW_POSTS,
    version=3,
    group="ingest",
    kinds={"python", "duckdb"},
    expected_daily=True,
    settings=(
        "timezone",
        "max_table_megabytes",
        "max_unpacked_megabytes",
        "max_kept_megabytes",
        "max_row_characters",
        "max_field_characters",
        "max_text_characters",
        "max_columns",
    ),
    description="The posts of the crawl drop of this date, whichever crawler wrote it. The latest fetch of a "
    "post wins; rows that cannot be used are in `rejects`, with file, row and reason.",
)
def raw_posts(
    run: Run,
    warehouse: Warehouse,
    accounts: AccountHasher,
    tombstones: TombstoneStore,
    media_memory: MediaMemory,
    drops: Drops,
) -> Made:
    """Read the drop, leave out who was forgotten, and remember where the media lie."""
    crawl_date, settings = run.crawl_date, run.settings
    forgotten = tombstones.read()
    forgotten.check_date(crawl_date)
    # its digest is taken before reading: what changes while we read makes the sensor run the date again
    drop = drops.read(crawl_date)
    ingest = ingest_drop(
        drop.folder,
        crawl_date,
        hash_poster=accounts.hash,
        timezone=settings.timezone,
        limits=settings.read_limits,
        walk=drop.walk,
    )
    posts = forgotten.without_posts(ingest.posts)
    rejects = forgotten.without_rejects(ingest.rejects)
    kept = {
        (post["post_id"], name)
        for post in posts.select(["post_id", "media_paths"]).to_pylist()
        for name in post["media_paths"]
    }
    media = (file for file in ingest.media if (file.post_id, file.name) in kept)
    # a place may name whom its post is not of
    places = [file for file in media if not names_any(file.name, forgotten.__contains__)]
    run.log(
        f"{ingest.n_rows:,} rows read: {posts.num_rows:,} posts, {ingest.n_merged:,} older fetches "
        f"merged, {ingest.n_rejected_rows:,} rejected; {len(ingest.unread):,} files rejected"
    )
    unread = [
        {"file": forgotten.masked(one.source_file), "reason": forgotten.masked(one.reason)}
        for one in ingest.unread
    ]
    for one in unread[:_MOST_LISTED]:
        run.log(f"rejected: {one['file']}: {one['reason']}")
    refuse_broken(ingest, forgotten.masked)
    reasons = counts(str(reason) for reason in rejects["reason"].to_pylist())
    files = [{"file": forgotten.masked(f.name), "crawler": f.crawler, "rows": f.n_rows} for f in ingest.files]
    return Made(
        posts,
        {
            "posts": posts.num_rows,
            ROWS_READ: ingest.n_rows,
            "rows_merged": ingest.n_merged,
            ROWS_REJECTED: ingest.n_rejected_rows,
            FILES_REJECTED: len(unread),
            **({FIRST_REJECTED: forgotten.masked(told(ingest.unread))} if unread else {}),
            "rejects": rejects.num_rows,
            "posts_of_the_forgotten": ingest.posts.num_rows - posts.num_rows,
            "reject_reasons": markdown_table(reasons[:20]),
            "files": markdown_table(files[:_MOST_LISTED]),
            "files_that_were_rejected": markdown_table(unread[:_MOST_LISTED]),
            DIGEST_KEY: drop.digest,
        },
        rejects=rejects,
        after_stored=lambda: media_memory.remember(crawl_date, places),
        run_tags={
            "mkt/drop": drop.digest.rpartition(":")[2][:12],
            "mkt/crawlers": ", ".join(sorted({file.crawler for file in ingest.files})) or "none",
            "mkt/posts": str(posts.num_rows),
        },
    )
