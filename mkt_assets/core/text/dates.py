"""Times as a platform shows them (06-11, 昨天 12:00, 3天前, 3 days ago), as naive local times.

Not here: days that a workbook stores as numbers (crawlers/workbook_dates).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from mkt_assets.core.text.chinese import simplified
from mkt_assets.core.text.counts import written_out

FOUNDED = datetime(2013, 1, 1)  # Xiaohongshu opened in 2013: nothing on it is older
PLATFORM_TIMEZONE = "Asia/Shanghai"

_PREFIX = r"(?:编辑于|发布于|更新于|修改于)?\s*"
_CLOCK = (
    r"(?P<before>凌晨|早上|上午|中午|下午|傍晚|晚上|[ap]m)?\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:\.\d+)?)?\s*(?P<after>[ap]\.?m\.?(?![a-z]))?"
)
# Hours ahead of UTC. CST is China's here; what is no known zone is taken for a region.
_ZONES = {
    **{"z": 0, "utc": 0, "gmt": 0, "etc/utc": 0, "wet": 0, "bst": 1, "cet": 1, "cest": 2, "cst": 8, "hkt": 8},
    **{"sgt": 8, "jst": 9, "kst": 9, "aest": 10, "aedt": 11, "est": -5, "edt": -4, "cdt": -5, "mst": -7},
    **{"mdt": -6, "pst": -8, "pdt": -7},
}
_OFFSET = (
    r"(?:\s*\(?(?P<offset>(?:utc|gmt)?[+-]\d{1,2}(?::?\d{2})?"
    rf"|(?:{'|'.join(sorted(_ZONES, key=len, reverse=True))})(?![a-z]))\)?)?"
)
# A region follows the date on the page: "3天前 上海"; it has no digits.
_REGION = r"(?:\s+[^\d\s][^\d]{0,30})?\s*"
_TAIL = rf"(?:[\st_,]*{_CLOCK}{_OFFSET})?{_REGION}"

_EPOCH = re.compile(r"(\d{10}|\d{13})(?:\.\d+)?", re.ASCII)
_DATE = re.compile(
    rf"{_PREFIX}(?:(?P<year>\d{{4}})[-/.年])?(?P<month>\d{{1,2}})[-/.月](?P<day>\d{{1,2}})日?{_TAIL}",
    re.ASCII,
)
_DAY = re.compile(rf"{_PREFIX}(?P<word>今天|昨天|前天){_TAIL}", re.ASCII)
_AGO = re.compile(
    rf"{_PREFIX}(?P<n>\d{{1,4}})\s*个?(?P<unit>秒|分钟|小时|天|日|周|星期)钟?前{_REGION}", re.ASCII
)
_NOW = re.compile(rf"{_PREFIX}刚刚{_REGION}")

_DAYS_BACK = {"今天": 0, "昨天": 1, "前天": 2}
_AFTER_NOON = ("中午", "下午", "傍晚", "晚上", "pm")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = rf"(?P<name>{'|'.join(_MONTHS)})[a-z]{{0,6}}\.?"
_WEEKDAY = r"(?:[a-z]{3,9},?\s)?"
_ENGLISH_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        # as Weibo's interface has it, and Unix: Tue Jun 11 20:05:01 +0800 2024, .. CST 2024
        rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}})(?P<clock>\s\d\d:\d\d:\d\d\s(?:[+-]\d{{4}}|[a-z]{{3,4}}))"
        r"\s(?P<year>\d{4})",
        rf"{_WEEKDAY}{_MONTH}\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s(?P<year>\d{{4}}))?(?P<clock>(?:[,\s].*)?)",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})\s{_MONTH}(?:,?\s(?P<year>\d{{4}}))?(?P<clock>(?:[,\s].*)?)",
    )
)
_ENGLISH_WORDS = (
    (re.compile(r"^(?:edited|posted|published|updated)(?:\son)?:?\s+"), ""),
    (re.compile(r"\sat\s(?=\d)"), " "),
    (re.compile(r"^(?:just )?now\b"), "刚刚"),
    (re.compile(r"^(?:an?|one)\s"), "1 "),
    (re.compile(r"^(\d{1,4})\s?(?:(?:seconds?|secs?|s) ago\b|s$)"), r"\1秒前"),
    (re.compile(r"^(\d{1,4})\s?(?:(?:minutes?|mins?|m) ago\b|m$)"), r"\1分钟前"),
    (re.compile(r"^(\d{1,4})\s?(?:(?:hours?|hrs?|h) ago\b|h$)"), r"\1小时前"),
    (re.compile(r"^(\d{1,4})\s?(?:(?:days?|d) ago\b|d$)"), r"\1天前"),
    (re.compile(r"^(\d{1,4})\s?(?:(?:weeks?|w) ago\b|w$)"), r"\1周前"),
    (re.compile(r"^today\b"), "今天"),
    (re.compile(r"^yesterday\b"), "昨天"),
)
_LETTER = re.compile("[a-z]")
# 下午8点5分: 8:05
_SPOKEN = re.compile(r"(\d{1,2})[点时](?:(\d{1,2})分?(?:(\d{1,2})秒)?)?", re.ASCII)
_SPANS = {
    "秒": timedelta(seconds=1),
    "分钟": timedelta(minutes=1),
    "小时": timedelta(hours=1),
    "天": timedelta(days=1),
    "日": timedelta(days=1),
    "周": timedelta(weeks=1),
    "星期": timedelta(weeks=1),
}
_LEAP_CYCLE_YEARS = 8  # 02-29 may be that far back (1896 to 1904)
_OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}")


def parse_timestamp(text: str | None, timezone: str = PLATFORM_TIMEZONE) -> datetime | None:
    """Read a full time: seconds or milliseconds since 1970, or YYYY-MM-DD with or without a time of day.

    Returns:
        Naive local time of `timezone`, or None if the text is not a full time from 2013 on.

    Examples:
        >>> from mkt_assets.core.text.dates import parse_timestamp
        >>> str(parse_timestamp("1718072407", "Asia/Shanghai"))
        '2024-06-11 10:20:07'
        >>> str(parse_timestamp("2024-06-11 10:20:07"))
        '2024-06-11 10:20:07'
        >>> parse_timestamp("yesterday") is None
        True
    """
    shown = _normalized(text)
    moment = _epoch(shown, timezone)
    if moment is None:
        match = _DATE.fullmatch(shown)
        if match is None or match["year"] is None:
            return None
        moment = _at(match, int(match["year"]), timezone)
    return moment if moment is not None and moment >= FOUNDED else None


def parse_published(
    text: str | None,
    crawl_date: date,
    timezone: str = PLATFORM_TIMEZONE,
    fetched_at: datetime | None = None,
) -> datetime | None:
    """Read when a post was published, as its page or its crawler says it.

    A date without a year is the latest such date that is not after the crawl. Relative times count back from
    `fetched_at`, or else from noon of the crawl date; those in days are midnights, for their hour is unknown.
    An "编辑于" before and a region after the date are passed over.

    Returns:
        Naive local time of `timezone`, or None if it is no date or outside 2013 .. crawl or fetch date + 1 day.

    Examples:
        >>> from datetime import date, datetime
        >>> from mkt_assets.core.text.dates import parse_published
        >>> str(parse_published("06-11", date(2024, 6, 13)))
        '2024-06-11 00:00:00'
        >>> str(parse_published("3天前", date(2024, 6, 13), fetched_at=datetime(2024, 6, 13, 9, 30)))
        '2024-06-10 00:00:00'
    """
    shown = _normalized(text)
    now = fetched_at or datetime.combine(crawl_date, time(12))
    moment = (
        _epoch(shown, timezone) or _dated(shown, crawl_date, now, timezone) or _relative(shown, now, timezone)
    )
    # a drop that was fetched over several days has posts of all of them
    latest = crawl_date if fetched_at is None else max(crawl_date, fetched_at.date())
    return moment if moment is not None and _is_plausible(moment, latest) else None


def time_in_post_id(
    post_id: str, crawl_date: date | None = None, timezone: str = PLATFORM_TIMEZONE
) -> datetime | None:
    """When a post was created: the first 8 of the 24 hex digits of its id are Unix seconds.

    Returns:
        Naive local time of `timezone`, or None for another kind of id or a time outside 2013 .. crawl date
        (or 2100) + 1 day.

    Examples:
        >>> from mkt_assets.core.text.dates import time_in_post_id
        >>> str(time_in_post_id("66683d6d000000001c020001"))
        '2024-06-11 20:05:01'
        >>> time_in_post_id("not-an-id") is None
        True
    """
    if not _OBJECT_ID.fullmatch(post_id):
        return None
    moment = _local(int(post_id[:8], 16), timezone)
    return moment if _is_plausible(moment, crawl_date or date(2100, 1, 1)) else None


def _normalized(text: str | None) -> str:
    """The text with digits, characters and words as the patterns have them: Simplified, small letters, no English."""
    shown = simplified(unicodedata.normalize("NFKC", (text or "")[:200])).strip().lower()
    if not shown.isascii():
        shown = _SPOKEN.sub(_as_clock, shown)
    if not _LETTER.search(shown) or (shown[:1].isdigit() and not shown[-1:].isalpha() and " " not in shown):
        return written_out(shown)
    for words, replacement in _ENGLISH_WORDS:
        shown = words.sub(replacement, shown)
    for pattern in _ENGLISH_DATES:
        if match := pattern.fullmatch(shown):
            day = f"{_MONTHS.index(match['name']) + 1}-{match['day']}"
            year = f"{match['year']}-" if match["year"] else ""
            return f"{year}{day} {match['clock'].strip(', ')}".strip()
    return shown


def _as_clock(match: re.Match[str]) -> str:
    return ":".join(part.zfill(2) for part in (match[1], match[2] or "0", match[3]) if part)


def _is_plausible(moment: datetime, crawl_date: date) -> bool:
    return moment >= FOUNDED and moment.date() - crawl_date <= timedelta(days=1)


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _local(seconds: float, timezone: str) -> datetime:
    return datetime.fromtimestamp(seconds, _zone(timezone)).replace(tzinfo=None)


def _epoch(shown: str, timezone: str) -> datetime | None:
    match = _EPOCH.fullmatch(shown)
    if match is None:
        return None
    digits = match[1]
    return _local(int(digits) / (1000 if len(digits) == 13 else 1), timezone)


def _dated(shown: str, crawl_date: date, now: datetime, timezone: str) -> datetime | None:
    match = _DATE.fullmatch(shown)
    if match is None:
        return None
    if match["year"] is not None:
        return _at(match, int(match["year"]), timezone)
    # A crawl that runs past midnight sees tomorrow's posts.
    latest = now.date() if timedelta(0) < now.date() - crawl_date <= timedelta(days=1) else crawl_date
    for year in range(latest.year, latest.year - _LEAP_CYCLE_YEARS - 1, -1):
        moment = _at(match, year, timezone)
        if moment is not None and moment.date() <= latest:
            return moment
    return None


def _relative(shown: str, now: datetime, timezone: str) -> datetime | None:
    if _NOW.fullmatch(shown):
        return now
    if match := _DAY.fullmatch(shown):
        day = now.date() - timedelta(days=_DAYS_BACK[match["word"]])
        return _with_clock(match, day, timezone)
    if match := _AGO.fullmatch(shown):
        moment = now - int(match["n"]) * _SPANS[match["unit"]]
        return datetime.combine(moment, time()) if _SPANS[match["unit"]] >= timedelta(days=1) else moment
    return None


def _at(match: re.Match[str], year: int, timezone: str) -> datetime | None:
    try:
        day = date(year, int(match["month"]), int(match["day"]))
    except ValueError:  # 02-30
        return None
    return _with_clock(match, day, timezone)


def _with_clock(match: re.Match[str], day: date, zone: str) -> datetime | None:
    if match["hour"] is None:
        return datetime.combine(day, time())
    try:
        clock = time(_hour(match), int(match["minute"]), int(match["second"] or 0))
        moment = datetime.combine(day, clock)
        if match["offset"] is None:
            return moment
        return moment.replace(tzinfo=_offset(match["offset"])).astimezone(_zone(zone)).replace(tzinfo=None)
    except (ValueError, OverflowError):  # 25:00, an offset of 99:99, the year 9999 in another zone
        return None


def _hour(match: re.Match[str]) -> int:
    """The hour of 24, of one with am and pm or 上午 and 下午."""
    hour = int(match["hour"])
    half = (match["after"] or "").replace(".", "") or match["before"]
    if half is None or hour > 12:
        return hour
    if half in _AFTER_NOON:
        # 中午11:30 is before noon
        return hour if hour == 12 or (half == "中午" and hour == 11) else hour + 12
    return 0 if hour == 12 else hour


def _offset(text: str) -> timezone:
    if text in _ZONES:
        return timezone(timedelta(hours=_ZONES[text]))
    digits = text.removeprefix("utc").removeprefix("gmt")
    sign = -1 if digits[0] == "-" else 1
    hours, minutes = (digits[1:].replace(":", ""), "0")
    if len(hours) > 2:
        hours, minutes = hours[:-2], hours[-2:]
    return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))
