from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.core.text.dates import parse_published, parse_timestamp, time_in_post_id

CRAWL = date(2024, 6, 16)
FETCHED = datetime(2024, 6, 16, 10, 30, 15)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("1718500000000", datetime(2024, 6, 16, 9, 6, 40)),
        ("1718500000", datetime(2024, 6, 16, 9, 6, 40)),
        ("1718500000.0", datetime(2024, 6, 16, 9, 6, 40)),
        ("06-11", datetime(2024, 6, 11)),
        ("06-16", datetime(2024, 6, 16)),
        ("06-17", datetime(2023, 6, 17)),
        ("12-31", datetime(2023, 12, 31)),
        ("02-29", datetime(2024, 2, 29)),
        ("06-11 08:05", datetime(2024, 6, 11, 8, 5)),
        ("2023-11-02", datetime(2023, 11, 2)),
        ("2023-11-02 23:59:58", datetime(2023, 11, 2, 23, 59, 58)),
        ("2023-11-02T23:59:58.123", datetime(2023, 11, 2, 23, 59, 58)),
        ("2023-11-02_23:59:58", datetime(2023, 11, 2, 23, 59, 58)),
        ("2023/1/2", datetime(2023, 1, 2)),
        ("2023年1月2日", datetime(2023, 1, 2)),
        ("2023-11-02T16:00:00Z", datetime(2023, 11, 3)),
        ("2023-11-02 16:00:00+00:00", datetime(2023, 11, 3)),
        ("今天 09:00", datetime(2024, 6, 16, 9)),
        ("昨天 12:00", datetime(2024, 6, 15, 12)),
        ("昨天 12:00 上海", datetime(2024, 6, 15, 12)),
        ("昨天", datetime(2024, 6, 15)),
        ("前天 23:59", datetime(2024, 6, 14, 23, 59)),
        ("3天前", datetime(2024, 6, 13)),
        ("3天前 上海", datetime(2024, 6, 13)),
        ("2周前", datetime(2024, 6, 2)),
        ("5小时前", datetime(2024, 6, 16, 5, 30, 15)),
        ("11小时前", datetime(2024, 6, 15, 23, 30, 15)),
        ("20分钟前", datetime(2024, 6, 16, 10, 10, 15)),
        ("刚刚", FETCHED),
        ("刚刚 浙江", FETCHED),
        ("编辑于 06-11", datetime(2024, 6, 11)),
        ("编辑于06-11 上海", datetime(2024, 6, 11)),
        ("编辑于 昨天 12:00 广东", datetime(2024, 6, 15, 12)),
        ("０６-１１", datetime(2024, 6, 11)),
        ("3小時前", datetime(2024, 6, 16, 7, 30, 15)),
        ("剛剛", FETCHED),
        ("編輯於 06-11 上海", datetime(2024, 6, 11)),
        ("3 days ago", datetime(2024, 6, 13)),
        ("an hour ago", datetime(2024, 6, 16, 9, 30, 15)),
        ("Yesterday 12:00", datetime(2024, 6, 15, 12)),
        ("Just now", FETCHED),
        ("Jun 11, 2024", datetime(2024, 6, 11)),
        ("11 June 2024 8:05 PM", datetime(2024, 6, 11, 20, 5)),
        ("Tue Jun 11 20:05:01 +0800 2024", datetime(2024, 6, 11, 20, 5, 1)),
        ("2024-06-11 08:05 UTC", datetime(2024, 6, 11, 16, 5)),
        ("2024-06-11 08:05:00 GMT+8", datetime(2024, 6, 11, 8, 5)),
        ("2024/6/11 8:05 PM", datetime(2024, 6, 11, 20, 5)),
        ("2024/6/11 12:05 a.m.", datetime(2024, 6, 11, 0, 5)),
        ("2024-06-11 下午8:05", datetime(2024, 6, 11, 20, 5)),
        ("昨天 上午 8:05", datetime(2024, 6, 15, 8, 5)),
        ("1.718107501E+09", datetime(2024, 6, 11, 20, 5, 1)),
        ("2024-06-11 12:05 (UTC)", datetime(2024, 6, 11, 20, 5)),
        ("2024-06-11 12:05:01 Etc/UTC", datetime(2024, 6, 11, 20, 5, 1)),
        ("2024-06-11 12:05:01+00", datetime(2024, 6, 11, 20, 5, 1)),
        ("2024-06-11 05:05 PDT", datetime(2024, 6, 11, 20, 5)),
        ("2024-06-11 20:05 CST", datetime(2024, 6, 11, 20, 5)),
        ("Tue Jun 11 20:05:00 CST 2024", datetime(2024, 6, 11, 20, 5)),
        ("Tue Jun 11 2024 12:05:00 GMT+0000 (Coordinated Universal Time)", datetime(2024, 6, 11, 20, 5)),
        ("Tuesday, June 11, 2024 at 8:05 PM", datetime(2024, 6, 11, 20, 5)),
        ("2024年6月11日20时5分", datetime(2024, 6, 11, 20, 5)),
        ("昨天下午3點", datetime(2024, 6, 15, 15)),
        ("3個小時前", datetime(2024, 6, 16, 7, 30, 15)),
        ("Edited 3 days ago Shanghai", datetime(2024, 6, 13)),
        ("Edited on Jun 11", datetime(2024, 6, 11)),
        ("3d", datetime(2024, 6, 13)),
    ],
)
def test_a_shown_time_is_read_against_the_fetch(shown: str, expected: datetime) -> None:
    assert parse_published(shown, CRAWL, fetched_at=FETCHED) == expected


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        "nan",
        "上海",
        "13-01",
        "02-30",
        "2023-02-29",
        "25:00",
        "昨天 25:00",
        "0",
        "171850000",
        "2012-12-31",
        "2024-06-18",
        "9999999999999",
        "2023-11-02 10:00:00+99:99",
        "06-11 12",
    ],
)
def test_what_is_no_plausible_date_is_null(shown: str | None) -> None:
    assert parse_published(shown, CRAWL, fetched_at=FETCHED) is None


def test_without_a_fetch_time_relative_times_count_from_noon_of_the_crawl_date() -> None:
    assert parse_published("5小时前", CRAWL) == datetime(2024, 6, 16, 7)


def test_a_crawl_past_midnight_takes_tomorrows_date_as_this_years() -> None:
    assert parse_published("06-17", CRAWL, fetched_at=datetime(2024, 6, 17, 0, 10)) == datetime(2024, 6, 17)


def test_the_29th_of_february_is_in_the_latest_leap_year() -> None:
    assert parse_published("02-29", date(2023, 6, 1)) == datetime(2020, 2, 29)
    assert parse_published("02-29", date(2024, 2, 28)) == datetime(2020, 2, 29)


def test_an_epoch_is_shown_in_the_zone_asked_for() -> None:
    assert parse_published("1718500000000", CRAWL, timezone="UTC") == datetime(2024, 6, 16, 1, 6, 40)


def test_a_timestamp_needs_its_year() -> None:
    assert parse_timestamp("06-11 10:00") is None
    assert parse_timestamp("2024-06-16 10:00:03") == datetime(2024, 6, 16, 10, 0, 3)
    assert parse_timestamp("1718500000000") == datetime(2024, 6, 16, 9, 6, 40)


def test_a_post_id_begins_with_its_creation_time() -> None:
    assert time_in_post_id("666e3aa05e5e5e5e00000001", CRAWL) == datetime(2024, 6, 16, 9, 6, 40)


@pytest.mark.parametrize(
    "post_id",
    ["", "666e3aa0", "666e3aa05e5e5e5e0000000z", "000000015e5e5e5e00000001", "ffffffff5e5e5e5e00000001"],
)
def test_another_kind_of_id_or_an_implausible_time_is_null(post_id: str) -> None:
    assert time_in_post_id(post_id, CRAWL) is None


@given(st.dates(date(2014, 1, 1), date(2090, 12, 31)), st.integers(0, 364))
def test_month_and_day_resolve_to_the_day_they_were_shown_on(crawl: date, days_back: int) -> None:
    published = crawl - timedelta(days=days_back)
    assert parse_published(f"{published:%m-%d}", crawl) == datetime.combine(published, datetime.min.time())


@given(st.datetimes(datetime(2014, 1, 1), datetime(2024, 6, 16)))
def test_epochs_and_iso_times_round_trip(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    shanghai = ZoneInfo("Asia/Shanghai")
    seconds = int(moment.replace(tzinfo=shanghai).timestamp())
    assert parse_published(str(seconds), CRAWL) == moment
    assert parse_published(f"{seconds}000", CRAWL) == moment
    assert parse_published(moment.isoformat(" "), CRAWL) == moment
    assert time_in_post_id(f"{seconds:08x}5e5e5e5e00000001", CRAWL) == moment


@given(st.datetimes(datetime(2014, 1, 1), datetime(2024, 6, 15)), st.integers(-11, 12))
def test_a_time_is_the_same_moment_in_every_zone_and_on_every_clock(moment: datetime, hours: int) -> None:
    moment = moment.replace(microsecond=0)
    there = moment - timedelta(hours=8 - hours)
    assert parse_published(f"{there:%Y-%m-%d %H:%M:%S} UTC{hours:+d}", CRAWL) == moment
    assert parse_published(f"{there:%Y-%m-%d %H:%M:%S}{hours:+03d}:00", CRAWL) == moment
    clock = f"{moment.hour % 12 or 12}:{moment:%M:%S}"
    half, told = ("PM", "下午") if moment.hour >= 12 else ("AM", "上午")
    assert parse_published(f"{moment:%Y-%m-%d} {clock} {half}", CRAWL) == moment
    assert parse_published(f"{moment:%Y-%m-%d} {told}{clock}", CRAWL) == moment


@given(st.text() | st.from_regex(r"\d{0,14}[-:年天小时 ]{0,3}\d{0,4}(前|日)?"), st.dates())
def test_any_text_gives_null_or_a_naive_time_in_range(text: str, crawl: date) -> None:
    moment = parse_published(text, crawl)
    assert moment is None or (moment.tzinfo is None and moment.date() - crawl <= timedelta(days=1))
