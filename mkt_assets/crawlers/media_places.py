"""Posts that the place of a file names: by an id anywhere in the path, or by a time and a title in its name.

Not here: the folders of a known crawler (crawlers/registry).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from mkt_assets.core.text.summaries import headline_of

_RUN = re.compile(r"[0-9A-Za-z]+", re.ASCII)
_WORD = re.compile(r"[0-9A-Za-z-]+", re.ASCII)
# as short as a number or a usual word, an id is one only as a whole folder
_SHORTEST_ID = 8
_SHORTEST_ACCOUNT = 4
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[_ T](\d\d)[.:\-](\d\d)[.:\-](\d\d)", re.ASCII)
_TIMED = re.compile(rf"({_TIME.pattern})_(.+?)((?:_\d{{1,3}})?(?:\.\w{{1,5}})?)", re.ASCII | re.DOTALL)
_NO_LETTERS = re.compile(r"[\W_]+")
_CUT = "..."
_SHORTEST_CUT = 4


def posts_in(place: PurePosixPath, posts: Container[str]) -> frozenset[str]:
    """Ids of known posts that stand in a path (relative to the drop) as whole words."""
    folders = {part for part in (*place.parts[:-1], place.stem) if part in posts}
    words = {word for word in _words(place) if len(word) >= _SHORTEST_ID and word in posts}
    return frozenset(folders | words)


def accounts_in(place: PurePosixPath) -> frozenset[str]:
    """Words of a path that may be the id of an account."""
    parts = {*place.parts[:-1], place.stem}
    return frozenset(word for word in {*parts, *_words(place)} if len(word) >= _SHORTEST_ACCOUNT)


def post_in_name(stem: str, posts: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """Ids of the posts of which a name has the time of publication, to the second, and the title.

    XHS-Downloader names files so if it is not told otherwise: 2024-06-11_20.05.02_{account}_{title}_1. A title
    that is too long for a name has "..." in its middle there, and signs that no file name may have are left out.

    Args:
        stem: name of the file without its suffix.
        posts: rows of raw_posts by id, as far as title and published_at go.
    """
    found = _TIME.search(stem)
    if found is None:
        return frozenset()
    try:
        time = datetime.fromisoformat(f"{found[1]}T{found[2]}:{found[3]}:{found[4]}")
    except ValueError:
        return frozenset()
    rest = stem[found.end() :]
    at_time = (post for post, row in posts.items() if row["published_at"] == time)
    return frozenset(post for post in at_time if _has_title(rest, posts[post]["title"]))


def without_person(name: str, posts: Container[str], hash_poster: Callable[[str], str]) -> str:
    """A path in which what stands behind a time, the account's name and a title, is hashed: a name is a person.

    A part with the id of a known post stays.
    """
    parts = name.split("/")
    return "/".join(
        part if posts_in(PurePosixPath(part), posts) else _anonymous(part, hash_poster) for part in parts
    )


def _anonymous(part: str, hash_poster: Callable[[str], str]) -> str:
    found = _TIMED.fullmatch(part)
    return f"{found[1]}_{hash_poster(found[6])}{found[7]}" if found else part


def _words(place: PurePosixPath) -> Iterator[str]:
    for part in (*place.parts[:-1], place.stem):
        yield from _RUN.findall(part)
        yield from _WORD.findall(part)


def _has_title(name: str, title: str | None) -> bool:
    letters = _letters(headline_of(title)[0])
    if not letters:
        return False
    head, cut, tail = name.rpartition(_CUT)
    if not cut:
        return letters in _letters(name)
    end = _letters(re.sub(r"_\d+$", "", tail))
    starts = (letters[:n] for n in range(_SHORTEST_CUT, len(letters)))
    return bool(end) and letters.endswith(end) and any(_letters(head).endswith(start) for start in starts)


@lru_cache(maxsize=10_000)
def _letters(text: str) -> str:
    return _NO_LETTERS.sub("", unicodedata.normalize("NFKC", text)).casefold()
