"""Who posts what and when: styles, topics, media, posters and dates of every post.

Not here: pictures (mkt_sample/pictures), captions (mkt_sample/captions), files (mkt_sample/drops).
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

from mkt_sample.captions import LENGTHS, ODDITIES
from mkt_sample.lexicon import TOPICS
from mkt_sample.outfits import STYLES

CHINA_HOURS = timedelta(hours=8)

CROSSTAB: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "white_dress": {"date": 0.6, "petite": 0.2, "new_chinese": 0.1, "bags_and_shoes": 0.1},
        "black_suit": {"commute": 1.0},
        "red_qipao": {"new_chinese": 1.0},
        "striped_denim": {"petite": 0.5, "bags_and_shoes": 0.3, "commute": 0.2},
        "floral_dress": {"date": 0.45, "petite": 0.25, "new_chinese": 0.15, "bags_and_shoes": 0.15},
        "camel_coat": {"winter": 0.65, "commute": 0.35},
        "sports_set": {"sports": 1.0},
        "plaid_skirt": {"bags_and_shoes": 0.55, "petite": 0.3, "date": 0.15},
        "down_jacket": {"winter": 0.75, "sports": 0.25},
        "evening_gown": {},
    }
)
"""The planted P(topic | style): three pure rows, exact ties at rank 3 in white_dress and floral_dress, a style
without any text (evening_gown), and a topic that never has a picture (cafe)."""

TOPIC_WITHOUT_PICTURES = "cafe"

_STYLE_SHARES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "white_dress": (0.12, 0.12),
        "black_suit": (0.11, 0.10),
        "red_qipao": (0.10, 0.11),
        "striped_denim": (0.10, 0.10),
        "floral_dress": (0.10, 0.12),
        "camel_coat": (0.11, 0.09),
        "sports_set": (0.09, 0.11),
        "plaid_skirt": (0.10, 0.10),
        "down_jacket": (0.09, 0.07),
        "evening_gown": (0.08, 0.08),
    }
)
"""Shares of the styles among pictured posts, on the first and on the last crawl date: spring turns to summer."""

MEDIA_SHARES: Mapping[str, float] = MappingProxyType({"picture": 0.60, "pictures": 0.05, "video": 0.35})
TEXT_ONLY_SHARE = 0.10
SEEN_AGAIN_SHARE = 0.11
LENGTH_SHARES: Mapping[str, float] = MappingProxyType(dict(zip(LENGTHS, (0.28, 0.12, 0.60), strict=True)))
TAGLESS_SHARE = 0.04
N_POSTERS = 40

SPECIALS = (
    "nobody",
    "truncated_png",
    "two_people",
    "broken_mp4",
    "far_away",
    "zero_bytes",
    "webp_in_png",
    "html_in_jpg",
    "close_up",
    "all_black",
    "one_pixel",
    "no_folder",
    "fps_zero_mp4",
)
_FEW_POSTS = 200

COUNT_FORMS = ("万", "w", "万+", "千+", "k", "comma", "label", "empty", "minus_one")
DATE_FORMS = ("yesterday", "days_ago", "leap_day", "year_roll_over", "edited")


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """What the plan has one post show and talk about; an empty string is none."""

    style: str
    topic: str
    medium: str


@dataclass(frozen=True, slots=True)
class Post:
    """One post as planned; everything else about it follows from its serial number and the seed.

    `topic` is what the caption is about: the cell's own, unless the crawl is shuffled.
    """

    serial: int
    post_id: str
    poster_id: str
    cell: Cell
    topic: str
    published: datetime
    special: str = ""
    length: str = "long"
    tagless: bool = False
    oddity: str = ""
    count_form: str = ""
    date_form: str = ""
    n_seen_before: int = 0
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Crawl:
    """One crawl date's posts; `repeated` are fetched a second time on the day."""

    crawl_date: date
    layout: str
    posts: tuple[Post, ...]
    repeated: tuple[Post, ...]


def largest_remainder(shares: Mapping[str, float], total: int) -> dict[str, int]:
    """Integers that sum to `total`, in proportion to `shares`; equal shares stay equal.

    A larger share never gets less than a smaller one. What equal shares cannot divide evenly goes to the
    largest share, so that ties in the plan are ties in the crawl.
    """
    weight = sum(shares.values())
    if not total or not weight:
        return dict.fromkeys(shares, 0)
    quota = {key: share / weight * total for key, share in shares.items()}
    counts = {key: math.floor(value + 1e-9) for key, value in quota.items()}
    by_remainder = sorted(shares, key=lambda key: (counts[key] - quota[key], -shares[key], key))
    for key in by_remainder[: total - sum(counts.values())]:
        counts[key] += 1
    largest = max(shares, key=lambda key: (shares[key], key))
    for share in set(shares.values()):
        tied = [key for key in shares if shares[key] == share]
        least = min(counts[key] for key in tied)
        counts[largest] += sum(counts[key] - least for key in tied if key != largest)
        counts.update({key: least for key in tied if key != largest})
    return counts


def allocate_cells(n_posts: int, progress: float) -> Counter[Cell]:
    """How many posts of every cell a crawl date has; `progress` (0..1) is its place among the dates."""
    n_text_only = round(n_posts * TEXT_ONLY_SHARE)
    other_topics = [topic for topic in TOPICS if topic != TOPIC_WITHOUT_PICTURES]
    n_cafe = max(math.ceil(n_text_only * 0.8), min(n_text_only, 5))
    cells: Counter[Cell] = Counter({Cell("", TOPIC_WITHOUT_PICTURES, "text"): n_cafe})
    for topic, n in largest_remainder(dict.fromkeys(other_topics, 1.0), n_text_only - n_cafe).items():
        cells[Cell("", topic, "text")] = n
    shares = {style: first + (last - first) * progress for style, (first, last) in _STYLE_SHARES.items()}
    for style, n_style in largest_remainder(shares, n_posts - n_text_only).items():
        topics = largest_remainder(CROSSTAB[style] or {"": 1.0}, n_style)
        cells.update(_media_cells(style, topics, n_style))
    return +cells


def topic_shares() -> dict[str, float]:
    """P(topic) among the first date's pictured posts that have a text: what shuffling leaves of the table."""
    shares = dict.fromkeys((topic for topic in TOPICS if topic != TOPIC_WITHOUT_PICTURES), 0.0)
    for style, (first, _) in _STYLE_SHARES.items():
        for topic, ratio in CROSSTAB[style].items():
            shares[topic] += first * ratio
    total = sum(shares.values())
    return {topic: share / total for topic, share in shares.items()}


def _media_cells(style: str, topics: Mapping[str, int], n_style: int) -> Counter[Cell]:
    """Media in the same proportion in every topic, so that counting pictures or posts gives the same ranks."""
    cells: Counter[Cell] = Counter()
    left = dict(topics)
    n_media = largest_remainder(MEDIA_SHARES, n_style)
    for medium in ("video", "pictures", "picture"):
        # the planned share decides between equal counts; planned ties stay ties
        weights = {topic: n + CROSSTAB[style].get(topic, 0.0) * 1e-6 for topic, n in left.items()}
        wanted = largest_remainder(weights, n_media[medium])
        for topic, n in wanted.items():
            taken = min(n, left[topic])
            cells[Cell(style, topic, medium)] += taken
            left[topic] -= taken
    for topic, n in left.items():
        cells[Cell(style, topic, "picture")] += n
    return cells


def plan_crawls(
    *, n_crawl_dates: int, n_posts: int, seed: int, first_crawl_date: date, shuffled: bool
) -> Iterator[Crawl]:
    """The crawls, one after the other; only the last one's posts are held."""
    planner = _Planner(n_posts, seed, shuffled)
    for number in range(n_crawl_dates):
        share = number / (n_crawl_dates - 1) if n_crawl_dates > 1 else 0.0
        layout = "mediacrawler" if number % 3 == 1 else "original"
        specials = SPECIALS if n_posts >= _FEW_POSTS else SPECIALS[number % 3 :: min(3, n_crawl_dates)]
        specials = specials[: n_posts // 15]
        yield planner.crawl(first_crawl_date + timedelta(days=number), layout, share, specials)


class _Planner:
    def __init__(self, n_posts: int, seed: int, shuffled: bool) -> None:
        self._n_posts = n_posts
        self._rng = random.Random(f"plan:{seed}")
        # its own generator, so that a shuffled sample has the pictures of the plain one
        self._shuffler = random.Random(f"shuffle:{seed}") if shuffled else None
        self._serial = 0
        self._previous: tuple[Post, ...] = ()
        self._texts: dict[str, Counter[str]] = {topic: Counter() for topic in TOPICS}
        # Zipf's tail behind four posters that write three posts in five
        tail = [1 / rank for rank in range(5, N_POSTERS + 1)]
        shares = [0.2, 0.16, 0.13, 0.11, *(0.4 * weight / sum(tail) for weight in tail)]
        self._posters = {f"5e5e{number:020x}": share for number, share in enumerate(shares, start=1)}

    def crawl(self, crawl_date: date, layout: str, progress: float, specials: Sequence[str]) -> Crawl:
        rng = self._rng
        cells = allocate_cells(self._n_posts - len(specials), progress)
        again = self._seen_again(cells)
        fresh = sorted((cells - Counter(post.cell for post in again)).elements())
        planned = [(cell, "") for cell in fresh]
        planned += [(_special_cell(rng, special), special) for special in specials]
        rng.shuffle(planned)
        topics = [cell.topic for cell, _ in planned]
        if self._shuffler is not None:
            topics = _shuffle_topics(self._shuffler, [cell for cell, _ in planned])
        posters = list(Counter(largest_remainder(self._posters, len(planned))).elements())
        rng.shuffle(posters)
        posts = [
            self._post(number, cell, topic, special, poster, crawl_date)
            for number, ((cell, special), topic, poster) in enumerate(
                zip(planned, topics, posters, strict=True)
            )
        ]
        posts = _with_oddities(posts) + again
        rng.shuffle(posts)
        plain = [post for post in posts if not post.special and not post.count_form]
        repeated = rng.sample(plain, min(len(plain), self._n_posts // 30))
        self._previous = tuple(posts)
        return Crawl(crawl_date, layout, tuple(posts), tuple(repeated))

    def _seen_again(self, cells: Mapping[Cell, int]) -> list[Post]:
        wanted = round(self._n_posts * SEEN_AGAIN_SHARE)
        room = Counter(cells)
        again: list[Post] = []
        plain = [post for post in self._previous if not (post.special or post.count_form or post.date_form)]
        for post in self._rng.sample(plain, len(plain)):
            if len(again) == wanted:
                break
            if room[post.cell] > 0:
                room[post.cell] -= 1
                fits = post.length == "long" and not post.tagless
                edited = post.edited or (fits and sum(one.edited for one in again) < 2)
                again.append(replace(post, n_seen_before=post.n_seen_before + 1, edited=edited))
        return again

    def _post(
        self, number: int, cell: Cell, topic: str, special: str, poster_id: str, crawl_date: date
    ) -> Post:
        self._serial += 1
        date_form = DATE_FORMS[number // 14 % len(DATE_FORMS)] if number % 14 == 3 else ""
        published = _published(self._rng, crawl_date, date_form)
        seconds = int((published - CHINA_HOURS).replace(tzinfo=UTC).timestamp())
        length, tagless = self._text_form(topic)
        return Post(
            serial=self._serial,
            post_id=f"{seconds:08x}5e5e5e5e{self._serial:08d}",
            poster_id=poster_id,
            cell=cell,
            topic=topic,
            published=published,
            special=special,
            length=length,
            tagless=tagless,
            count_form=COUNT_FORMS[number // 7 % len(COUNT_FORMS)] if number % 7 == 0 else "",
            date_form=date_form,
        )

    def _text_form(self, topic: str) -> tuple[str, bool]:
        """The length that the topic lacks most: the same mix in every topic, whatever their order."""
        if not topic:
            return "title_only", False
        given = self._texts[topic]
        n = sum(given[length] for length in LENGTHS) + 1
        length = max(LENGTHS, key=lambda name: LENGTH_SHARES[name] * n - given[name])
        given[length] += 1
        if length == "title_only":
            return length, False
        given["with_content"] += 1
        tagless = given["tagless"] < TAGLESS_SHARE * n - 0.5 and length == "long"
        given["tagless"] += tagless
        return length, tagless


def _shuffle_topics(rng: random.Random, cells: Sequence[Cell]) -> list[str]:
    """The cells' topics, permuted among those that have both a picture and a text."""
    topics = [cell.topic for cell in cells]
    with_both = [index for index, cell in enumerate(cells) if cell.style and cell.topic]
    permuted = [topics[index] for index in with_both]
    rng.shuffle(permuted)
    for index, topic in zip(with_both, permuted, strict=True):
        topics[index] = topic
    return topics


def _special_cell(rng: random.Random, special: str) -> Cell:
    """Specials wear and say what fits together, so that they do not blur the planted table."""
    style = rng.choice([style for style in STYLES if CROSSTAB[style]])
    topics = CROSSTAB[style]
    medium = "video" if special.endswith("mp4") else "picture"
    return Cell(style, max(topics, key=lambda topic: topics[topic]), medium)


def _with_oddities(posts: Sequence[Post]) -> list[Post]:
    """Each oddity once, in long captions that are otherwise plain."""
    left = list(ODDITIES)
    marked: list[Post] = []
    for post in posts:
        fits = post.topic and not post.special and post.length == "long" and not post.tagless
        marked.append(replace(post, oddity=left.pop(0)) if left and fits else post)
    return marked


def _published(rng: random.Random, crawl_date: date, form: str) -> datetime:
    clock = datetime.min + timedelta(seconds=rng.randrange(7 * 3600, 24 * 3600))
    if form == "yesterday":
        return datetime.combine(crawl_date - timedelta(days=1), clock.time().replace(hour=12, minute=0))
    if form == "days_ago":
        return datetime.combine(crawl_date - timedelta(days=3), clock.time())
    if form == "leap_day":
        year = next(year for year in range(crawl_date.year, 0, -1) if _leap_day_before(year, crawl_date))
        return datetime.combine(date(year, 2, 29), clock.time())
    if form == "year_roll_over":
        return datetime.combine(crawl_date - timedelta(days=200), clock.time())
    days = 1 + int(364 * rng.random() ** 1.7)
    return datetime.combine(crawl_date - timedelta(days=days), clock.time())


def _leap_day_before(year: int, crawl_date: date) -> bool:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return is_leap and date(year, 2, 29) < crawl_date
