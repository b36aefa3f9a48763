"""The page of two crawls side by side: what came, went, grew and shrank, with pictures and captions of both.

Not here: what is claimed (core/over_time/side_by_side), the facts (sides_of), markup (report/templates).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from mkt_assets.core.over_time.side_by_side import (
    GONE,
    GROWN,
    KEPT,
    NEW,
    ONLY_EARLIER,
    ONLY_LATER,
    SHRUNK,
)
from mkt_assets.core.over_time.trends import MIN_TIMES
from mkt_assets.core.rounding import percent, points, probability
from mkt_assets.report.gallery import Caption, Picture, captions_of, picture_of
from mkt_assets.report.html import filled
from mkt_assets.report.languages import languages
from mkt_assets.report.openings import address_of
from mkt_assets.report.shell import in_page
from mkt_assets.report.sides_of import Compared, Kind, Part, Side, Sides
from mkt_assets.report.text import Text, counted, say
from mkt_assets.report.tiles import Tiles
from mkt_assets.report.wording import names_of

_N_TILES = 4
_SECTIONS = {"image": "styles", "text": "topics"}
_CLAIMS = (NEW, GROWN, SHRUNK, GONE)
_MOVES = {NEW: "rising", GROWN: "rising", SHRUNK: "falling", GONE: "falling"}
_WIDTH, _MARGIN = 220.0, 6.0


@dataclass(frozen=True)
class Half:
    """What a card shows of one crawl; places of its share and interval are x coordinates of a drawing."""

    crawl_date: date
    address: str | None
    part: Part
    interval: Text
    size: Text | None
    pictures: tuple[Picture, ...]
    captions: tuple[Caption, ...]
    x: str
    x_low: str
    x_high: str


@dataclass(frozen=True)
class Card:
    """A style or topic in both crawls."""

    anchor: str
    name: Text
    badge: Text
    move: str
    verdict: Text
    test: Text
    change: str
    halves: tuple[Half, ...]


@dataclass(frozen=True)
class Section:
    """Styles or topics: sentences, and a card each."""

    name: str
    sentences: tuple[Text, ...]
    cards: tuple[Card, ...]


def render_sides(sides: Sides, tiles: tuple[Tiles, Tiles]) -> str:
    """The page.

    Args:
        sides: What to tell.
        tiles: Of each crawl, what gives the cut-out of a picture, or None.

    Returns:
        An HTML page in one piece, see `shell.in_page`.
    """
    known = languages()
    earlier, later = (side.crawl_date.isoformat() for side in sides.crawls)
    sections = [Section(_SECTIONS[k.modality], sentences_of(k), _cards(k, sides, tiles)) for k in sides.kinds]
    body = filled(
        "sides.html",
        languages=known,
        crawls=[(side, _in_all(side)) for side in sides.crawls],
        sub=say("sides_of", earlier=earlier, later=later),
        both=say("sides_both", sides.n_both, posts=counted(sides.n_both, "post")),
        days=say("sides_days", n=str(MIN_TIMES)),
        sections=sections,
        data={"languages": {language.code: language.tag for language in known}},
    )
    return in_page(
        body, f"{known[0].write(say('sides'))} · {earlier} · {later}", ("reader", "begin", "own_font")
    )


def sentences_of(kind: Kind) -> tuple[Text, ...]:
    """What is claimed of styles, or of topics, and of how many nothing is; or why they cannot be compared."""
    if kind.why_not is not None:
        return (kind.why_not,)
    names = {what: [row.name for row in kind.rows if row.what == what] for what in (*_CLAIMS, KEPT)}
    claimed = [say(f"sides_{what}", names=names_of(names[what])) for what in _CLAIMS if names[what]]
    sentences: list[Text] = [*(claimed or [say("sides_nothing")])]
    noun = "style" if kind.modality == "image" else "topic"
    if n := len(names[KEPT]):
        sentences.append(say("sides_kept", n, things=counted(n, noun)))
    only = [row.name for row in kind.rows if row.what in (ONLY_LATER, ONLY_EARLIER)]
    if n := len(only):
        sentences.append(say("sides_only", n, things=counted(n, noun), names=names_of(only)))
    return (*sentences, *kind.notes)


def _in_all(side: Side) -> Text:
    return say("of_side", posts=counted(side.n_posts, "post"), accounts=counted(side.n_accounts, "account"))


def _cards(kind: Kind, sides: Sides, tiles: tuple[Tiles, Tiles]) -> tuple[Card, ...]:
    top = max((part.high for row in kind.rows for part in row.parts), default=1.0)
    return tuple(_card(number, row, sides, tiles, top) for number, row in enumerate(kind.rows))


def _card(number: int, row: Compared, sides: Sides, tiles: Sequence[Tiles], top: float) -> Card:
    earlier, later = (side.crawl_date.isoformat() for side in sides.crawls)
    dates = {"earlier": earlier, "later": later}
    only = {ONLY_LATER: later, ONLY_EARLIER: earlier}
    return Card(
        anchor=f"{'style' if row.modality == 'image' else 'topic'}-{number}",
        name=row.name,
        badge=say(f"side_{row.what}", **({"date": only[row.what]} if row.what in only else {})),
        move=_MOVES.get(row.what, ""),
        verdict=say(f"verdict_{row.what}", **dates),
        test=_test(row),
        change=points(row.parts[1].share - row.parts[0].share),
        halves=tuple(
            _half(side, part, sides, of, top)
            for side, part, of in zip(sides.crawls, row.parts, tiles, strict=True)
        ),
    )


def _test(row: Compared) -> Text:
    if row.q is None or row.account_p is None:
        return say("sides_untested")
    return say("sides_tested", q=probability(row.q), p=probability(row.account_p))


def _half(side: Side, part: Part, sides: Sides, tiles: Tiles, top: float) -> Half:
    def place(share: float) -> str:
        return f"{_MARGIN + (_WIDTH - 2 * _MARGIN) * share / max(top, 1e-9):.1f}"

    cluster = part.cluster
    pictures, captions = list[Picture](), tuple[Caption, ...]()
    if cluster is not None and cluster.modality == "image":
        found = (picture_of(item, sides.posts, tiles) for item in cluster.typical[:_N_TILES])
        pictures = [picture for picture in found if picture]
    elif cluster is not None:
        captions = captions_of(cluster, sides.posts)
    return Half(
        crawl_date=side.crawl_date,
        address=None if side.report is None or cluster is None else side.report + address_of(cluster),
        part=part,
        interval=say("interval", share=percent(part.share), low=percent(part.low), high=percent(part.high)),
        size=None if cluster is None else _size(part),
        pictures=tuple(pictures),
        captions=captions,
        x=place(part.share),
        x_low=place(part.low),
        x_high=place(part.high),
    )


def _size(part: Part) -> Text:
    numbers = {"posts": counted(part.n_posts, "post"), "accounts": counted(part.n_accounts, "account")}
    if part.largest is None or part.n_accounts < 2:
        return say("of_side", **numbers)
    return say("of_side_largest", **numbers, largest=percent(part.largest))
