"""What in a home is in use: the files and contents that rows point to.

Not here: removing the rest (operations/gc), removing a person (operations/forget).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mkt_assets.core.sight.vocabulary import VocabularyError, Word, read_vocabulary
from mkt_assets.core.vectors import content_key, content_of
from mkt_assets.resources.files import paths_below
from mkt_assets.resources.opening import open_warehouse
from mkt_assets.settings import Settings

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True)
class InUse:
    """Mattes and charts (by name), contents and crawl dates of all rows.

    Contents are sha256 of pictures and texts; also of words that pictures are compared with.
    """

    mattes: frozenset[str]
    charts: frozenset[str]
    contents: frozenset[str]
    crawl_dates: frozenset[date]


def in_use(settings: Settings) -> InUse:
    """What the rows of the warehouse point to, and what each run needs again.

    Raises:
        DatabaseBusyError: if runs keep the warehouse for too long.
    """
    warehouse = open_warehouse(settings)
    mattes = warehouse.read("matted_images", columns=["matte_path", "content_sha256"])
    paths = [str(path) for path in mattes["matte_path"].to_pylist() if path is not None]
    texts = warehouse.read("summaries", columns=["summary", "encoder_text"])
    contents = {
        *(str(sha) for sha in mattes["content_sha256"].to_pylist() if sha is not None),
        # a matte of an earlier version is named by its key
        *map(content_of, paths),
        *(content_key(str(text)) for name in texts.column_names for text in texts[name].to_pylist() if text),
        *(content_key(text) for word in _seen_words(settings) for text in (word.zh, word.en)),
    }
    charts = warehouse.read("charts", columns=["path"])["path"].to_pylist()
    dates = warehouse.read("raw_posts", columns=["crawl_date"])["crawl_date"].unique().to_pylist()
    return InUse(
        mattes=frozenset(paths),
        charts=frozenset(map(str, charts)),
        contents=frozenset(contents),
        crawl_dates=frozenset(day for day in dates if day is not None),
    )


def _seen_words(settings: Settings) -> tuple[Word, ...]:
    """Words that pictures are compared with; none of a file that cannot be read, of which the step tells."""
    try:
        return read_vocabulary(settings.sight_words_file)
    except VocabularyError:
        return ()


def files_below(folder: Path) -> Iterator[Path]:
    """Regular files below a folder, in order; none if there is no such folder."""
    return (path for path in paths_below(folder) if path.is_file() and not path.is_symlink())


def crawl_date_in(name: str) -> date | None:
    """The crawl date in the name of a file or of the folders it is in, below the place of such files."""
    return next(iter(crawl_dates_in(name)), None)


def crawl_dates_in(name: str) -> tuple[date, ...]:
    """All crawl dates in it: of a page that compares two, both."""
    found: list[date] = []
    for text in _DATE.findall(name):
        try:
            found.append(date.fromisoformat(text))
        except ValueError:
            continue  # 2024-02-30
    return tuple(found)
