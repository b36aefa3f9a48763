"""Tags that the analyst gives to posts: a CSV file of hers in the home, `tags.csv`, which any table program opens.

Not here: names of styles and topics, `names.csv` (assets/cluster_identities); who gives tags (explore/app).
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Collection, Mapping
from pathlib import Path
from threading import Lock

from mkt_assets.core.text.csv_injection import escape_formula, unescape_formula
from mkt_assets.core.text.hand_written import hand_written
from mkt_assets.resources.files import write_durably

MAX_TAG_CHARACTERS = 40
MAX_TAGS = 200
MAX_BYTES = 50_000_000
_HEADER = ["tag", "post_id"]


class TagError(ValueError):
    """A tag that cannot be given, or a file that cannot be read; the message says why."""


class Tags:
    """The tags in a file, read when they are asked for, so that what she changes in it by hand counts at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()

    def all(self) -> Mapping[str, frozenset[str]]:
        """By tag, the ids of its posts.

        Raises:
            TagError: the file is not one of tags.
        """
        return {tag: frozenset(posts) for tag, posts in self._read().items()}

    def change(self, tag: str, posts: Collection[str], *, give: bool) -> int:
        """Give a tag to posts, or take it from them; how many posts have it afterwards.

        Raises:
            TagError: the tag is empty, too long, or one too many.
        """
        name = plain_tag(tag)
        with self._lock:
            tags = self._read()
            if give and name not in tags and len(tags) >= MAX_TAGS:
                raise TagError(f"there are {MAX_TAGS} tags already: take one away first.")
            having = tags.setdefault(name, set())
            if give:
                having.update(posts)
            else:
                having.difference_update(posts)
            write_durably(self.path, _written(tags))
            return len(having)

    def forget(self, posts: Collection[str]) -> None:
        """Take every tag from these posts.

        Raises:
            TagError: the file is not one of tags, and may have the posts in it.
        """
        with self._lock:
            before = self._read()
            after = {tag: having.difference(posts) for tag, having in before.items()}
            if after != before:
                write_durably(self.path, _written(after))

    def _read(self) -> dict[str, set[str]]:
        text, delimiter = hand_written(self.path, _HEADER, TagError, max_bytes=MAX_BYTES)
        if text is None:
            return {}
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        if rows and rows[0] != _HEADER:
            raise TagError(
                f"{self.path} begins with {','.join(rows[0])!r} and not with {','.join(_HEADER)!r}."
            )
        found: dict[str, set[str]] = {}
        for number, row in enumerate(rows[1:], start=2):
            if len(row) != len(_HEADER):
                raise TagError(f"{self.path}, line {number}: a tag and a post id were expected.")
            found.setdefault(plain_tag(unescape_formula(row[0])), set()).add(row[1])
        return found


def plain_tag(tag: str) -> str:
    """The tag, in one normal form.

    Raises:
        TagError: it is empty, too long, or has characters that cannot be seen.

    Examples:
        >>> from mkt_assets.resources.tags import plain_tag
        >>> plain_tag("  夏季 主推 ")
        '夏季 主推'
    """
    name = unicodedata.normalize("NFC", tag).strip()
    if not 0 < len(name) <= MAX_TAG_CHARACTERS:
        raise TagError(f"a tag has 1 to {MAX_TAG_CHARACTERS} characters.")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        raise TagError("a tag has no line breaks or control characters.")
    return name


def _written(tags: Mapping[str, Collection[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_HEADER)
    for tag in sorted(tags):
        writer.writerows((escape_formula(tag), post) for post in sorted(tags[tag]))
    # with a mark, so that Excel reads Chinese
    return out.getvalue().encode("utf-8-sig")
