"""summaries: title, content and tags of a post as one cleaned text. The cleaning is in core/text."""

from typing import Any

import pyarrow as pa

from mkt_assets.assets.metadata import counts, markdown_table
from mkt_assets.assets.step import Made, Run, step
from mkt_assets.contract.tables.items import SUMMARIES
from mkt_assets.core.text.summaries import Summarizer
from mkt_assets.core.text.word_lists import STOP_WORD_FILES, load_stop_words
from mkt_assets.resources.warehouse import Warehouse


@step(
    SUMMARIES,
    version=5,
    group="text",
    kinds={"python", "duckdb"},
    deps=["raw_posts"],
    settings=("emoji_language", "emoji_in_vectors", "name_stickers", "stop_words"),
    description="The cleaned text of a post: the platform's suffix, stickers and share texts and stop words taken "
    "out, emoji named, title, content and tags joined, each once. What was removed is recorded, and what of the "
    "text the encoder reads, and its words, of which keywords are made.",
)
def summaries(run: Run, warehouse: Warehouse) -> Made:
    """Clean title, content and tags of every post."""
    crawl_date, settings = run.crawl_date, run.settings
    posts = warehouse.read(
        "raw_posts", [crawl_date], columns=["post_id", "poster_id", "title", "content", "tags"]
    )
    summarizer = Summarizer(
        load_stop_words(settings.stop_words or STOP_WORD_FILES),
        emoji_language=settings.emoji_language,
        emoji_in_vectors=settings.emoji_in_vectors,
        name_stickers=settings.name_stickers,
    )
    made = [summarizer.summarize(p["title"], p["content"], p["tags"]) for p in posts.to_pylist()]
    columns: dict[str, Any] = {
        "crawl_date": pa.array([crawl_date] * len(made), pa.date32()),
        "post_id": posts["post_id"],
        "poster_id": posts["poster_id"],
        "summary": [m.summary for m in made],
        "has_text": [m.has_text for m in made],
        "n_characters": [len(m.summary) for m in made],
        "removed_words": pa.array([list(m.removed_words) for m in made], pa.list_(pa.string())),
        "removed_platform_suffix": [m.removed_platform_suffix for m in made],
        "encoder_text": [m.encoder_text for m in made],
        "words": pa.array([list(m.words) for m in made], pa.list_(pa.string())),
    }
    without = sum(not m.has_text for m in made)
    return Made(
        pa.table(columns),
        {
            "posts": len(made),
            "posts_without_text": without,
            "share_without_text": without / len(made) if made else 0.0,
            "most_removed_words": markdown_table(_most_removed([m.removed_words for m in made])),
        },
    )


def _most_removed(words: list[tuple[str, ...]], n: int = 15) -> list[dict[str, object]]:
    ranked = counts(word for removed in words for word in removed)
    return [{"word": row["what"], "times": row["n"]} for row in ranked[:n]]
