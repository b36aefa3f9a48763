"""Who and what was forgotten, as keyed hashes: enough to know them when a drop brings them back, not to name them.

Not here: those of many machines (resources/state_tombstones), forgetting (operations/forget).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Protocol, cast

import pyarrow as pa

from mkt_assets.core.text.needles import MASK
from mkt_assets.resources.files import write_durably

FILE_NAME = "forgotten.txt"
_HEADER = (
    "# What was forgotten, as keyed hashes (see `mkt forget`). Without this file a drop brings it back.\n"
)
_WORD = re.compile(r"[0-9A-Za-z_-]{8,}", re.ASCII)
_RUN = re.compile(r"[0-9A-Za-z]{8,}", re.ASCII)
_LINE = re.compile(r"forgotten (?P<hash>[0-9a-f]{24})|crawled-before (?P<date>\S+)")
_SEPARATORS = re.compile(r"[/._]")


class ForgottenDate(ValueError):  # noqa: N818 - a state that was asked for, not a fault
    """A crawl date lies before what is kept."""


@dataclass(frozen=True)
class Tombstones:
    """Hashes of forgotten posters and posts, and the date before which crawls are not kept.

    A poster is asked for by the id in the warehouse, itself a hash: what is kept here is a hash of that one.
    """

    hashes: frozenset[str]
    crawled_before: date | None
    digest: Callable[[str], str]
    where_the_date_is: str = f"the line 'crawled-before' of {FILE_NAME}"

    def __contains__(self, some_id: str) -> bool:
        return self.digest(some_id) in self.hashes

    @property
    def is_empty(self) -> bool:
        """Whether nobody was forgotten (whatever became of old crawl dates)."""
        return not self.hashes

    def bury(self, ids: Iterable[str], crawled_before: date | None = None) -> Tombstones:
        """These and more; of two dates the later stays."""
        dates = [day for day in (self.crawled_before, crawled_before) if day is not None]
        return replace(
            self, hashes=self.hashes | {self.digest(i) for i in ids}, crawled_before=max(dates, default=None)
        )

    def check_date(self, crawl_date: date) -> None:
        """Refuse a crawl date that lies before what is kept.

        Raises:
            ForgottenDate: saying so.
        """
        if self.crawled_before is not None and crawl_date < self.crawled_before:
            raise ForgottenDate(
                f"crawl dates before {self.crawled_before} were forgotten: remove the drop of {crawl_date}, or, to "
                f"bring it back, {self.where_the_date_is}."
            )

    def without_posts(self, posts: pa.Table) -> pa.Table:
        """Rows of raw_posts that are not of a forgotten poster or post; mentions of them in others are masked."""
        if self.is_empty:
            return posts
        keep = [
            not (row["poster_id"] in self or row["post_id"] in self)
            for row in posts.select(["poster_id", "post_id"]).to_pylist()
        ]
        kept = posts.filter(pa.array(keep, pa.bool_()))
        others = frozenset(str(i) for name in ("post_id", "poster_id") for i in kept[name].to_pylist())
        for i, name in enumerate(kept.column_names):
            column, field = cast("list[Any]", kept[i].to_pylist()), kept.schema.field(i)
            if name in ("post_id", "poster_id"):
                continue
            if name == "media_paths":
                # what lies in a folder of hers goes with her, whoever's post it is said to be of
                lists = [[p for p in paths if not self._owns(p)] for paths in column]
                kept = kept.set_column(i, field, pa.array(lists, field.type))
            elif pa.types.is_string(field.type):
                texts = [self.masked(text, others) for text in column]
                kept = kept.set_column(i, field, pa.array(texts, field.type))
            elif pa.types.is_list(field.type):
                lists = [[self.masked(word, others) for word in words] for words in column]
                kept = kept.set_column(i, field, pa.array(lists, field.type))
        return kept

    def without_rejects(self, rejects: pa.Table) -> pa.Table:
        """Rows of rejects that name no forgotten poster or post, in their columns or in the file's path."""
        if self.is_empty:
            return rejects
        keep = [
            not (row["post_id"] in self if row["post_id"] else False)
            and not names_any(row["source_file"], self.__contains__)
            for row in rejects.to_pylist()
        ]
        return rejects.filter(pa.array(keep, pa.bool_()))

    def masked(self, text: str | None, others: Collection[str] = frozenset()) -> str | None:
        """The text without the ids of forgotten posters and posts; ids of `others` stay whole."""
        if not text or self.is_empty:
            return text

        def without(word: re.Match[str]) -> str:
            if word[0] in self:
                return MASK
            if word[0] in others:
                return word[0]
            return _RUN.sub(lambda run: MASK if run[0] in self else run[0], word[0])

        return _WORD.sub(without, text)

    def _owns(self, path: str) -> bool:
        return any(folder in self for folder in path.split("/"))


def names_any(path: str, is_one: Callable[[str], bool]) -> bool:
    """Whether a part of a path, or of a file's name in it, is an id of which `is_one` holds."""
    return any(is_one(word) for word in (*_SEPARATORS.split(path), *path.split("/")) if word)


class TombstoneStore(Protocol):
    """Keeps `Tombstones`."""

    def read(self) -> Tombstones:
        """What is kept; nothing if nobody was ever forgotten.

        Raises:
            ValueError: if it is damaged.
        """
        ...

    def write(self, tombstones: Tombstones) -> None:
        """Keep them, before anything is removed: what is removed and not kept here would come back."""
        ...


class TombstoneFile:
    """A `TombstoneStore` that is a file in a home.

    Args:
        home: the folder.
        hash_id: keyed, as that of accounts.
    """

    def __init__(self, home: Path, hash_id: Callable[[str], str]) -> None:
        self.path = home / FILE_NAME
        self._hash_id = hash_id

    def read(self) -> Tombstones:
        """See `TombstoneStore`."""
        lines = self.path.read_text("utf-8", "replace").splitlines() if self.path.exists() else []
        hashes: set[str] = set()
        crawled_before = None
        for line in lines:
            if not line.strip() or line.startswith("#"):
                continue
            found = _LINE.fullmatch(line)
            try:
                if found is None:
                    raise ValueError(line)
                if found["hash"]:
                    hashes.add(found["hash"])
                else:
                    crawled_before = date.fromisoformat(found["date"])
            except ValueError:
                raise ValueError(
                    f"a line of {self.path} is damaged ({line!r}): restore the file from a backup."
                ) from None
        return Tombstones(frozenset(hashes), crawled_before, digest_by(self._hash_id))

    def write(self, tombstones: Tombstones) -> None:
        """See `TombstoneStore`."""
        lines = [f"forgotten {digest}\n" for digest in sorted(tombstones.hashes)]
        if tombstones.crawled_before is not None:
            lines.append(f"crawled-before {tombstones.crawled_before}\n")
        write_durably(self.path, (_HEADER + "".join(lines)).encode())


def digest_by(hash_id: Callable[[str], str]) -> Callable[[str], str]:
    """Of an id, itself a hash, what is kept when it was forgotten."""
    return lambda some_id: hash_id(f"forgotten\x1f{some_id}")
