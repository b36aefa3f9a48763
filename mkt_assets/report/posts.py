"""Posts in the page: which fit into it, what is told of each, and their thumbnails; the one place of the page's budget.

Not here: which finding opens which posts (openings), what the reader does with them (report/scripts).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from string import Formatter

from mkt_assets.core.rounding import percent
from mkt_assets.report.facts import Cluster, Facts, Item, Post
from mkt_assets.report.html import in_languages, web_link
from mkt_assets.report.languages import languages
from mkt_assets.report.text import Reason, say
from mkt_assets.report.tiles import (
    SPRITE_COLUMNS,
    SPRITE_HEIGHT,
    SPRITE_WIDTH,
    Tiles,
    data_uri,
    fetched,
    sprite,
)

TEXT_BYTES = 3_000_000
"""Of captions and what else is told of posts; with the pictures below and the rest a page stays within 15 MB."""
PICTURE_BYTES = 2_000_000
"""Of thumbnails, as they are in the page (base64)."""
PER_SHEET = 200
_OF_ROW = 90
"""About the bytes of a post besides caption, id and address."""
_COUNTED = ("post", "account")
_STRINGS = (
    *("open_post", "map_all", "not_in_page", "not_here", "no_posts_found", "more_posts", "no_caption"),
    *(
        "likes_and_collects",
        "account_named",
        "copied",
        "filtered",
        "believed_of_filter",
        "named_so",
        "new_here",
    ),
    *("refused_told", "posts_of", "by_typicality", "by_likes", "by_date", "posts_panel"),
)


@dataclass(frozen=True)
class PagePosts:
    """The clustered posts of a crawl, those first that are most typical of a style, a topic or a pair of them."""

    facts: Facts
    text_bytes: int = TEXT_BYTES

    @cached_property
    def of_post(self) -> Mapping[str, Mapping[str, Mapping[int, tuple[int, Item]]]]:
        """By post and modality, its clusters, each with its best rank there and the item that has it."""
        found: dict[str, dict[str, dict[int, tuple[int, Item]]]] = {}
        for member in self.facts.members:
            of_modality = found.setdefault(member.item.post_id, {}).setdefault(member.modality, {})
            best = of_modality.get(member.cluster_id)
            if best is None or member.rank < best[0]:
                of_modality[member.cluster_id] = (member.rank, member.item)
        return found

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """Ids of the posts that are in the page: the most typical ones, as far as the budget goes."""
        taken, left = list[str](), self.text_bytes
        for post_id in sorted(self.of_post, key=lambda post_id: (self._place[post_id], post_id)):
            post = self.post(post_id)
            left -= _OF_ROW + len(
                f"{post.caption}{post_id}{web_link(post.url) or ''}".encode("utf-8", "replace")
            )
            if left < 0:
                break
            taken.append(post_id)
        return tuple(taken)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Where a post is in `shown`."""
        return {post_id: number for number, post_id in enumerate(self.shown)}

    def post(self, post_id: str) -> Post:
        """What is known of a clustered post."""
        of_modality = self.of_post[post_id]
        dates = {item.crawl_date for clusters in of_modality.values() for _, item in clusters.values()}
        posts = (self.facts.posts.get((day, post_id)) for day in sorted(dates, reverse=True))
        return next((post for post in posts if post), Post("", None))

    def largest_share(self, modality: str, cluster_id: int) -> float | None:
        """The largest account's share of a cluster's posts; None where no account is known."""
        return self._largest.get((modality, cluster_id))

    @cached_property
    def _largest(self) -> Mapping[tuple[str, int], float]:
        accounts: dict[tuple[str, int], Counter[str]] = {}
        for post_id, of_modality in self.of_post.items():
            account = self.post(post_id).account
            for modality, clusters in of_modality.items():
                for cluster_id in clusters:
                    accounts.setdefault((modality, cluster_id), Counter())[account] += 1
        return {at: max(n.values()) / n.total() for at, n in accounts.items() if set(n) != {""}}

    @cached_property
    def _place(self) -> Mapping[str, int]:
        """By post, its best place among those of a style, a topic, or a pair: all of these have their turn."""
        places = {
            post_id: min(rank for clusters in of.values() for rank, _ in clusters.values())
            for post_id, of in self.of_post.items()
        }
        cells: dict[tuple[int, int], list[tuple[int, str]]] = {}
        for post_id, of in self.of_post.items():
            for style, (style_rank, _) in of.get("image", {}).items():
                for topic, (topic_rank, _) in of.get("text", {}).items():
                    cells.setdefault((style, topic), []).append((style_rank + topic_rank, post_id))
        for in_cell in cells.values():
            for place, (_, post_id) in enumerate(sorted(in_cell), start=1):
                places[post_id] = min(places[post_id], place)
        return places


def data_of(page_posts: PagePosts, tiles: Tiles) -> Mapping[str, object]:
    """Blocks of data for the page's script: what is asked at once, the posts, and sheets of thumbnails."""
    pictured = _pictured(page_posts)
    sheets = _sheets(pictured, tiles)
    places = {at: number for number, at in enumerate(list(pictured)[: PER_SHEET * len(sheets)])}
    return {
        "selection-data": _selection_data(page_posts),
        "posts-data": _posts_data(page_posts, places),
        **{f"sheet-{number}": sheet for number, sheet in enumerate(sheets)},
    }


def _pictured(page_posts: PagePosts) -> dict[tuple[str, int], Item]:
    """By post and style the picture to show, those of the most typical posts first."""
    return {
        (post_id, style): item
        for post_id in page_posts.shown
        for style, (_, item) in page_posts.of_post[post_id].get("image", {}).items()
    }


def _sheets(pictured: Mapping[tuple[str, int], Item], tiles: Tiles) -> list[str]:
    sheets, left = list[str](), PICTURE_BYTES
    items = list(pictured.values())
    for start in range(0, len(items), PER_SHEET):
        images = fetched(tiles, items[start : start + PER_SHEET])
        sheet = data_uri(sprite(images))
        left -= len(sheet)
        if left < 0:
            break
        sheets.append(sheet)
    return sheets


def _selection_data(page_posts: PagePosts) -> Mapping[str, object]:
    facts = page_posts.facts
    strings = {key: in_languages(say(key, **{b: "{" + b + "}" for b in _blanks(key)})) for key in _STRINGS}
    forms = {
        f"{noun}_{amount}": in_languages(say(f"n_{noun}", amount, n="{n}"))
        for noun in _COUNTED
        for amount in (1, 2)
    }
    blanks = {"posts": "{posts}", "accounts": "{accounts}"}
    rests = {
        "rests_on": in_languages(say("rests_on", **blanks)),
        "rests_on_largest": in_languages(say("rests_on_largest", **blanks, largest="{largest}")),
    }
    return {
        "style": {str(c.cluster_id): _cluster(page_posts, c) for c in facts.styles},
        "topic": {str(c.cluster_id): _cluster(page_posts, c) for c in facts.topics},
        "pairs": {
            f"{pair.style},{pair.topic}": _told(pair.n_posts, pair.n_posters, pair.largest_poster_share)
            for pair in facts.pairs
        },
        "refused": _refused(facts),
        "n_posts": len(page_posts.of_post),
        "n_shown": len(page_posts.shown),
        "command": f"mkt export FOLDER --crawl-date {facts.crawl_date.isoformat()}",
        "date": facts.crawl_date.isoformat(),
        "strings": {**strings, **forms, **rests},
        "sheet": {
            "per": PER_SHEET,
            "columns": SPRITE_COLUMNS,
            "width": SPRITE_WIDTH,
            "height": SPRITE_HEIGHT,
        },
    }


def _blanks(key: str) -> Iterable[str]:
    return [name for _, name, _, _ in Formatter().parse(languages()[0].messages[key]) if name]


def _cluster(page_posts: PagePosts, cluster: Cluster) -> Mapping[str, object]:
    largest = page_posts.largest_share(cluster.modality, cluster.cluster_id)
    first_seen = page_posts.facts.first_seen.get(cluster.identity, frozenset())
    return {
        "id": cluster.identity,
        "name": in_languages(cluster.name),
        "told": _told(cluster.n_posts, cluster.n_posters, largest),
        "new": sorted(page_posts.index[post] for post in first_seen if post in page_posts.index),
        "n_new": len(first_seen),
    }


def _told(n_posts: int, n_posters: int, largest: float | None) -> Sequence[object]:
    return [n_posts, n_posters, percent(largest) if largest is not None and n_posters > 1 else None]


def _refused(facts: Facts) -> Sequence[Mapping[str, object]]:
    """What could not be used, by row of the report's table: at most so many of each that the page stays small."""
    groups: list[Mapping[str, object]] = []
    for asset, reason, n in facts.rejects:
        of_row = [one for one in facts.refused if (one.asset, one.reason) == (asset, reason)]
        shown = [[one.where, one.post_id] for one in of_row[:500]]
        groups.append({"asset": asset, "reason": in_languages(Reason(reason)), "n": n, "of": shown})
    return groups


def _posts_data(page_posts: PagePosts, places: Mapping[tuple[str, int], int]) -> Mapping[str, object]:
    posts = [(post_id, page_posts.post(post_id)) for post_id in page_posts.shown]
    # a number, 1 wrote most: a page may be mailed, and what the tables call an account is not on it
    n_posts_of = Counter(post.account for _, post in posts if post.account)
    accounts = {
        name: number for number, name in enumerate(sorted(n_posts_of, key=lambda a: (-n_posts_of[a], a)), 1)
    }
    links = [web_link(post.url) for _, post in posts]
    before = Counter(
        link.removesuffix(post_id)
        for (post_id, _), link in zip(posts, links, strict=True)
        if link and link.endswith(post_id)
    )
    prefix = before.most_common(1)[0][0] if before else ""
    return {
        "id": [post_id for post_id, _ in posts],
        "prefix": prefix,
        # 1: the prefix and the id
        "url": [
            1 if link and link == prefix + post_id else link
            for (post_id, _), link in zip(posts, links, strict=True)
        ],
        "caption": [post.caption for _, post in posts],
        "date": [post.published.isoformat() if post.published else None for _, post in posts],
        "likes": [post.likes for _, post in posts],
        "at_least": [number for number, (_, post) in enumerate(posts) if post.likes_at_least],
        "collects": [post.collects for _, post in posts],
        "account": [accounts.get(post.account, 0) for _, post in posts],
        # of each style of a post: its number, the best rank there, the place of its thumbnail
        "styles": [
            [
                [style, rank, places.get((post_id, style), -1)]
                for style, (rank, _) in page_posts.of_post[post_id].get("image", {}).items()
            ]
            for post_id, _ in posts
        ],
        "topics": [
            [[topic, rank] for topic, (rank, _) in page_posts.of_post[post_id].get("text", {}).items()]
            for post_id, _ in posts
        ],
    }
