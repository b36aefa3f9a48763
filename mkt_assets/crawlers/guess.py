"""Which column of a table that no crawler is known for holds what, judged by its name.

Not here: the names (crawlers/column_names), the values (crawlers/guessed).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from mkt_assets.crawlers.base import TableKind
from mkt_assets.crawlers.column_names import (
    ACCOUNTS,
    COUNTS,
    IN_ACCOUNT,
    NAMES,
    OF_ACCOUNTS,
    OF_COMMENTS,
    OF_OURS,
    WRAPPERS,
)

LONGEST_NAME = 80
NEITHER = "It has no column that is known."
_MINIMUM = (
    "A table of posts needs a column that identifies a post (link, note_id, 笔记链接 ..) and one with its title or "
    "text (title, content, 标题, 正文 ..); the smallest CSV is a line link,title and under it a line a post. Rename "
    "the columns, or say what they hold in a file columns.csv in the drop, a line field,column for each (title,名称)."
)

FIELDS = tuple(NAMES)
_VAGUE = 1_000  # ranks of vague names begin here, those of a list's members a hundred before
_PLACES: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        name: (field, rank + _VAGUE * ("|" in names[:rank]))
        for field, names in NAMES.items()
        for rank, name in enumerate(names)
    }
)
_SIGNS = frozenset({"likes", "collects", "comments", "shares", "tags"})
_FILLING = re.compile(r"[\s_\-·:：()（）\[\]【】*#]+")
_MEMBER = re.compile(r"\d{1,2}(\.name)?", re.ASCII)  # hashtags/0, as exporters of lists to CSV write it
_PATH = re.compile(r"[./]")
_OF_THREADS = "threadid"  # 4CAT: every row says which thread it is of


@dataclass(frozen=True)
class Guess:
    """What the columns of a table hold: {field: its columns, the best first}, and what the table is about.

    `kind` is null where the minimum is not met; `lacks` then says what is missing, as a sentence. Of `vague`
    columns the name alone does not say that they hold this of a post.
    """

    columns: Mapping[str, tuple[str, ...]]
    kind: TableKind | None
    lacks: str = ""
    vague: frozenset[str] = frozenset()


@lru_cache(maxsize=4_096)
def normal(name: str) -> str:
    """A column's name without case, blanks, _, - and brackets, its path without wrappers: ``data.noteId`` → noteid."""
    shown = unicodedata.normalize("NFKC", name).strip().lower()
    parts = [_FILLING.sub("", part) for part in _PATH.split(shown)]
    while len(parts) > 1 and parts[0] in WRAPPERS:
        del parts[0]
    return ".".join(parts)


def guess(names: Iterable[str], given: Mapping[str, str] | None = None) -> Guess:
    """Judge a table by the names of its columns.

    Args:
        names: the columns.
        given: {field: column} that is known to be so; a column that the table lacks is passed over. Where they
            are enough for a post, so is the table.

    Returns:
        What the table is about. It is of posts, if there is a column that identifies one (an id, or a link with
        the id in it) and one with its title or text. A column that is only called ``id``, or only ``text``, may
        be of anything: then there must be a count, tags or an account, too. Tables of comments are told by the
        comment's own columns, those of accounts by followers, and this project's own tables are none of them.
    """
    present = frozenset(name for name in names if len(name) <= LONGEST_NAME)
    chosen = {field: column for field, column in (given or {}).items() if column in present}
    found = _found(present - set(chosen.values())) | {field: (column,) for field, column in chosen.items()}
    found = {field: found[field] for field in FIELDS if field in found}
    vague = frozenset(
        column
        for field, columns in found.items()
        for column in columns
        if field not in chosen and _place(column)[1] >= _VAGUE
    )
    names = frozenset(map(normal, present))
    kind, lacks = _as_posts(found) if is_whole(chosen) else _judged(found, vague, names)
    return Guess(found, kind, lacks, vague)


def minimum(lack: str) -> str:
    """What a table lacks, what is needed, and what to do, as sentences."""
    return f"{lack} {_MINIMUM}"


def field_of(name: str) -> str | None:
    """The field of this name, or of a column of this name; None if none is known."""
    shown = name.strip().lower()
    return shown if shown in FIELDS else _place(shown)[0] or None


def _found(columns: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Columns by field, the best first."""
    ranked: dict[str, list[tuple[int, str]]] = {}
    for column in columns:
        field, rank = _place(column)
        if field:
            ranked.setdefault(field, []).append((rank, column))
    return {field: tuple(column for _, column in sorted(pairs)) for field, pairs in ranked.items()}


def _place(column: str) -> tuple[str, int]:
    """The field of a column and its rank in it; no field, if its name is not listed.

    In a path, what stands in the object of an account or of the counts is listed without it.
    """
    if column.startswith("_id"):  # a database's own, of the row, not of the post
        return "", 0
    name = normal(column)
    group, dot, rest = name.partition(".")
    if dot and group in ACCOUNTS and rest in IN_ACCOUNT:
        return IN_ACCOUNT[rest], 0
    if dot and _MEMBER.fullmatch(rest) and _PLACES.get(group, ("", 0))[0] == "tags":
        return "tags", _VAGUE - 100 + min(int(rest.partition(".")[0]), 99)
    return _PLACES.get(rest if dot and group in COUNTS else name, ("", 0))


def is_whole(fields: Iterable[str]) -> bool:
    """Whether these fields are enough for a post: what identifies it, and a text."""
    present = frozenset(fields)
    return bool(present & {"id", "link"} and present & {"title", "content"})


def _as_posts(found: Mapping[str, tuple[str, ...]]) -> tuple[TableKind | None, str]:
    return ("posts", "") if is_whole(found) else (None, _lacks(found))


def _judged(
    found: Mapping[str, tuple[str, ...]], vague: frozenset[str], names: frozenset[str]
) -> tuple[TableKind | None, str]:
    """What a table is about, and what it lacks to be of posts."""
    certain = {field for field, columns in found.items() if columns[0] not in vague}
    is_identified, has_text = bool(certain & {"id", "link"}), bool(certain & {"title", "content"})
    if _is_of_comments(found, certain, names):
        return "comments", ""
    if names & OF_ACCOUNTS and not is_identified:
        return "accounts", ""
    if names & OF_OURS:
        return None, "It looks like a table that was made from posts."
    as_posts = _as_posts(found)
    if as_posts[0] is None or (is_identified and has_text):
        return as_posts
    if found.keys() & _SIGNS or _OF_THREADS in names:
        return as_posts
    if (is_identified or has_text) and found.keys() & {"account", "home", "name"}:
        return as_posts
    return None, "No other column (a number of likes, an account, tags) says that these are posts."


def _is_of_comments(found: Mapping[str, tuple[str, ...]], certain: set[str], names: frozenset[str]) -> bool:
    if "title" in found:
        return False
    # 4CAT: a comment has its own id, its thread's, and its post's
    if _OF_THREADS in names and "id" in certain:
        return True
    marks = names & OF_COMMENTS
    return len(marks) > 1 or bool(marks and found.keys() & {"id", "link", "content"})


def _lacks(found: Mapping[str, tuple[str, ...]]) -> str:
    ids, texts = (
        {k: found[k][0] for k in keys if k in found} for keys in (("id", "link"), ("title", "content"))
    )
    if texts:
        return f"It has a {next(iter(texts))} ({next(iter(texts.values()))}), but nothing that identifies a post."
    if ids:
        return f"It has {'an id' if 'id' in ids else 'a link'} ({next(iter(ids.values()))}), but no title or text."
    return NEITHER
