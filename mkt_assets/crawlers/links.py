"""What a post's or an account's address says: ids in it.

Not here: cleaning an address for the table (crawlers/posts).
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qs, urlsplit

_ADDRESS = re.compile(r"(?:https?:)?//[^\s，。,\"'<>]+", re.IGNORECASE)
_LONGEST = 4_000
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_MEDIA = re.compile(r"\.(?:jpe?g|png|webp|gif|heic|avif|mp4|mov|m3u8|mp3)$", re.IGNORECASE)
_FILE_TYPE = re.compile(r"\.(?:s?html?|php|aspx|jsp)$", re.IGNORECASE)
_PARAMETERS = (
    *("modal_id", "note_id", "noteid", "aweme_id", "item_id", "post_id", "story_fbid", "fbid"),
    *("shortcode", "mblogid", "weibo_id"),
)
_VAGUE_PARAMETERS = ("sn", "mid", "v", "id")
# The segment behind one of these is a post's id, whatever it looks like ..
_POST_WORDS = frozenset(
    (
        "a",
        "answer",
        "detail",
        "discovery",
        "explore",
        "item",
        "note",
        "notes",
        "p",
        "photo",
        "pin",
        "post",
        "posts",
    )
) | frozenset(("reel", "reels", "s", "short-video", "status", "t", "tv", "video", "videos"))
# .. and behind one of these, an account's.
_ACCOUNT_WORDS = frozenset(
    (
        "account",
        "accounts",
        "author",
        "channel",
        "creator",
        "home",
        "member",
        "n",
        "people",
        "profile",
        "profiles",
    )
) | frozenset(("space", "u", "user", "users"))


def post_id_in(text: str | None) -> str | None:
    """The id of a post in its address, or None: a home page, a search or a picture has none.

    A known query parameter (``modal_id``, ``note_id``, ..), or else the last segment of the path that follows
    a word for posts (``/p/``, ``/video/``) or looks like an id: six characters or more, a digit among them.
    A text around the address (as apps copy it) is passed over.
    """
    parts = _split(text)
    if parts is None or _MEDIA.search(parts.path):
        return None
    query = parse_qs(parts.query, max_num_fields=100) if parts.query.count("&") < 100 else {}
    given = {name.lower(): values[0] for name, values in query.items()}
    return _first(given, _PARAMETERS) or _in_path(_segments(parts)) or _first(given, _VAGUE_PARAMETERS)


def account_in_home(text: str | None) -> str | None:
    """The account in the address of its home page: the last segment, without @; None if there is no address."""
    parts = _split(text)
    segments = _segments(parts) if parts else []
    found = segments[-1].removeprefix("@") if segments else ""
    return found if _ID.fullmatch(found) and found.lower() not in _ACCOUNT_WORDS else None


def account_in_post(text: str | None) -> str | None:
    """The account that stands in a post's address, as ``/@name/video/1``, ``/user/profile/1/2`` or ``/1/2``."""
    parts = _split(text)
    segments = _segments(parts) if parts else []
    for at, segment in enumerate(segments[:-1]):
        if segment.startswith("@") and len(segment) > 1:
            return segment[1:]
        if segment.lower() in _ACCOUNT_WORDS and segments[at + 1].lower() not in _ACCOUNT_WORDS:
            return segments[at + 1] if at + 2 < len(segments) else None
    if len(segments) == 2 and all(map(_looks_like_id, segments)):
        return segments[0]
    return None


def address_of(text: str | None, account: str | None = None) -> str | None:
    """The address in a text without the name of an account (``/@name/``).

    None where an account is part of it, and for that of a picture or video, which is not the post's.

    That of a page under ``/user/profile/`` stays: what stores addresses knows how to build those anew.
    """
    parts = _split(text)
    if parts is None or parts.path.startswith("/user/profile/"):
        return text
    if _MEDIA.search(parts.path):
        return None
    segments = parts.path.split("/")
    if any(segment.startswith("@") for segment in segments):
        return parts._replace(path="/".join("@" if s.startswith("@") else s for s in segments)).geturl()
    has_account = account_in_post(text) or any(account in segment for segment in segments if account)
    return None if has_account else parts.geturl()


def _split(text: str | None) -> SplitResult | None:
    if not text or len(text) > _LONGEST:
        return None
    match = _ADDRESS.search(text)
    shown = match[0] if match else text.strip()
    if not match and ("/" not in shown or any(c.isspace() for c in shown)):
        return None
    try:
        # an address without its scheme: example.com/p/1, or /p/1 of a page that was read
        return urlsplit(shown if match or shown.startswith("/") else f"//{shown}")
    except ValueError:
        return None


def _segments(parts: SplitResult) -> list[str]:
    return [_FILE_TYPE.sub("", segment) for segment in parts.path.split("/") if segment]


def _first(given: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((given[name] for name in names if _ID.fullmatch(given.get(name, ""))), None)


def _in_path(segments: list[str]) -> str | None:
    # the number of a picture follows its post: /status/123456/photo/1
    if len(segments) > 3 and len(segments[-1]) <= 2 and _looks_like_id(segments[-3]):
        segments = segments[:-2]
    for at in range(len(segments) - 1, -1, -1):
        segment = segments[at]
        before = segments[at - 1].lower() if at else ""
        if before in _ACCOUNT_WORDS and segment.lower() not in _ACCOUNT_WORDS:
            return None
        if before in _POST_WORDS and _ID.fullmatch(segment) and segment.lower() not in _POST_WORDS:
            return segment
        if _looks_like_id(segment):
            return segment
    return None


def _looks_like_id(segment: str) -> bool:
    return len(segment) >= 6 and _ID.fullmatch(segment) is not None and any(map(str.isdigit, segment))
