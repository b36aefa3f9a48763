"""raw_posts: the crawl drop, read, cleaned of duplicates, and stored. Reading itself is in crawlers/."""

from typing import Any

import dagster as dg

from mkt_assets.assets.step import counts, markdown_table, result, table_asset
from mkt_assets.contract.schema import RAW_POSTS
from mkt_assets.crawlers.drop import ingest_drop, walk_digest, walk_drop
from mkt_assets.orchestration.drop_state import DIGEST_KEY
from mkt_assets.orchestration.failures import explained
from mkt_assets.orchestration.partitions import crawl_date_of
from mkt_assets.resources.accounts import AccountHasher
from mkt_assets.resources.media_memory import MediaMemory
from mkt_assets.resources.tombstones import TombstoneFile, names_any
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.settings import Settings


def build_raw_posts(settings: Settings) -> dg.AssetsDefinition:
    """The asset, for these settings."""

    @table_asset(
        RAW_POSTS,
        settings,
        group="ingest",
        kinds={"python", "duckdb"},
        expected_daily=True,
        code_version="2",
        description="The posts of the crawl drop of this date, whichever crawler wrote it. The latest fetch of a "
        "post wins; rows that cannot be used are in `rejects`, with file, row and reason.",
    )
    def raw_posts(
        context: dg.AssetExecutionContext,
        settings: dg.ResourceParam[Settings],
        warehouse: dg.ResourceParam[Warehouse],
        accounts: dg.ResourceParam[AccountHasher],
        tombstones: dg.ResourceParam[TombstoneFile],
        media_memory: dg.ResourceParam[MediaMemory],
    ) -> dg.MaterializeResult[Any]:
        with explained():
            crawl_date = crawl_date_of(context)
            forgotten = tombstones.read()
            forgotten.check_date(crawl_date)
            drop_dir = settings.drops / crawl_date.isoformat()
            # taken before reading: what changes while we read makes the sensor run the date again
            walk = walk_drop(drop_dir)
            digest = walk_digest(walk)
            ingest = ingest_drop(
                drop_dir,
                crawl_date,
                hash_poster=accounts.hash,
                timezone=settings.timezone,
                limits=settings.read_limits,
                walk=walk,
            )
            posts = forgotten.without_posts(ingest.posts)
            rejects = forgotten.without_rejects(ingest.rejects)
            warehouse.replace_partition("raw_posts", crawl_date, posts, rejects=rejects)
            kept = {
                (post["post_id"], name)
                for post in posts.select(["post_id", "media_paths"]).to_pylist()
                for name in post["media_paths"]
            }
            media = (file for file in ingest.media if (file.post_id, file.name) in kept)
            # a place may name whom its post is not of
            media_memory.remember(
                crawl_date, (f for f in media if not names_any(f.name, forgotten.__contains__))
            )
            context.log.info(
                f"{ingest.n_rows:,} rows read: {posts.num_rows:,} posts, {ingest.n_merged:,} older fetches "
                f"merged, {ingest.n_rejected_rows:,} rejected"
            )
            reasons = counts(str(reason) for reason in rejects["reason"].to_pylist())
            files = [
                {"file": forgotten.masked(f.name), "crawler": f.crawler, "rows": f.n_rows}
                for f in ingest.files
            ]
            return result(
                posts.num_rows,
                {
                    "posts": posts.num_rows,
                    "rows_read": ingest.n_rows,
                    "rows_merged": ingest.n_merged,
                    "rows_rejected": ingest.n_rejected_rows,
                    "rejects": rejects.num_rows,
                    "posts_of_the_forgotten": ingest.posts.num_rows - posts.num_rows,
                    "reject_reasons": markdown_table(reasons[:20]),
                    "files": markdown_table(files[:50]),
                    DIGEST_KEY: digest,
                },
            )

    return raw_posts
