"""Styles with their pictures and topics with their captions: a card each, the largest first."""

from __future__ import annotations

from collections.abc import Mapping

from mkt_assets.charts.palette import cluster_colour
from mkt_assets.core.profiles.account_words import ONE_ACCOUNT
from mkt_assets.core.rounding import count, percent
from mkt_assets.report.facts import N_CAPTIONS, N_TILES, Cluster, Facts, Item, Pair
from mkt_assets.report.markup import link, plain, written
from mkt_assets.report.text import Text, counted, say
from mkt_assets.report.tiles import Tiles, data_uri, tile


def styles_section(facts: Facts, tiles: Tiles) -> str:
    """The gallery of styles."""
    links = _links(facts, of_style=True)
    cards = "".join(
        _card(facts, cluster, _pictures(facts, cluster, tiles), links.get(cluster.cluster_id, ""))
        for cluster in facts.styles
    )
    return section("styles", cards, "gallery")


def topics_section(facts: Facts) -> str:
    """The topics and their typical captions."""
    links = _links(facts, of_style=False)
    cards = "".join(
        _card(facts, cluster, _captions(facts, cluster), links.get(cluster.cluster_id, ""))
        for cluster in facts.topics
    )
    return section("topics", cards, "gallery text")


def section(name: str, inside: str, kind: str = "") -> str:
    """A section of the page, with heading and lead; says so if there is nothing inside."""
    body = f'<div class="{kind}">{inside}</div>' if inside else f"<p>{written(say('nothing'))}</p>"
    return (
        f'<section id="{name}" aria-labelledby="{name}-h"><h2 id="{name}-h">{written(say(name))}</h2>'
        f'<p class="lead">{written(say(f"{name}_lead"))}</p>{body}</section>\n'
    )


def _card(facts: Facts, cluster: Cluster, shown: str, links: str) -> str:
    kind = "style" if cluster.modality == "image" else "topic"
    size = say(
        f"size_{cluster.modality}",
        pictures=counted(cluster.n_items, "picture"),
        posts=counted(cluster.n_posts, "post"),
        accounts=counted(cluster.n_posters, "account"),
    )
    likes = f'<p class="quiet">{written(_likes(cluster))}</p>' if cluster.likes else ""
    words = "".join(f"<li>{plain(word)}</li>" for word in cluster.keywords[:6])
    keywords = f'<ul class="chips">{words}</ul>' if words else ""
    return (
        f'<article class="card" id="{kind}-{cluster.cluster_id}"><h3>'
        f'<i class="dot" style="background:{cluster_colour(cluster.cluster_id)}"></i>{written(cluster.name)}'
        f' <small>{percent(cluster.share)}</small></h3><p class="quiet">{written(size)}</p>{likes}'
        f"{_badges(cluster)}{shown}{keywords}{links}</article>"
    )


def _likes(cluster: Cluster) -> Text:
    assert cluster.likes is not None
    median, low, high, is_bound = cluster.likes
    likes = say("likes_word", 1 if median == 1 else 2, n=count(median))
    shown = say("at_least", n=likes) if is_bound else likes
    if low is None or high is None:
        return say("likes_alone", likes=shown)
    return say("likes", likes=shown, low=count(low), high=count(high))


def _badges(cluster: Cluster) -> str:
    names = ["new"] * cluster.is_new + ["back"] * cluster.is_back
    names += ["merged"] * (cluster.event == "merged")
    names += [f"{cluster.direction}_badge"] if cluster.direction in ("rising", "falling") else []
    warnings = ["few"] * cluster.low_support + ["mostly_one"] * cluster.one_poster
    warnings += ["one_accounts_words"] * (cluster.named_by == ONE_ACCOUNT)
    items = [f"<li>{written(say(name))}</li>" for name in names]
    items += [f'<li class="warn">{written(say(name))}</li>' for name in warnings]
    return f'<ul class="badges">{"".join(items)}</ul>' if items else ""


def _pictures(facts: Facts, cluster: Cluster, tiles: Tiles) -> str:
    shown = [_picture(facts, item, tiles) for item in cluster.typical[:N_TILES]]
    return f'<div class="tiles">{"".join(shown)}</div>'


def _picture(facts: Facts, item: Item, tiles: Tiles) -> str:
    image, post = tiles(item), facts.posts.get((item.crawl_date, item.post_id))
    if image is None:
        return ""
    caption = post.caption if post else ""
    inside = f'<img src="{data_uri(tile(image))}" alt="{plain(caption)}" loading="lazy">'
    return f'<span class="tile">{link(post.url if post else None, inside)}</span>'


def _captions(facts: Facts, cluster: Cluster) -> str:
    found = (facts.posts.get((item.crawl_date, item.post_id)) for item in cluster.typical)
    posts = [post for post in found if post and post.caption][:N_CAPTIONS]
    lines = "".join(f'<li lang="zh">{link(post.url, plain(post.caption))}</li>' for post in posts)
    return f'<ul class="captions">{lines}</ul>' if lines else ""


def _links(facts: Facts, *, of_style: bool) -> Mapping[int, str]:
    """By cluster, its supported links to the other modality."""
    found: dict[int, list[Pair]] = {}
    for pair in facts.pairs:
        if pair.supported:
            found.setdefault(pair.style if of_style else pair.topic, []).append(pair)
    return {number: _goes_with(facts, pairs, of_style=of_style) for number, pairs in found.items()}


def _goes_with(facts: Facts, pairs: list[Pair], *, of_style: bool) -> str:
    modality, kind = ("text", "topic") if of_style else ("image", "style")
    items = "".join(
        f'<a href="#{kind}-{number}">{written(facts.name_of(modality, number))}</a> '
        for pair in sorted(pairs, key=lambda pair: -pair.lift)
        for number in [pair.topic if of_style else pair.style]
    )
    return f'<p class="goes">{written(say("goes_with"))} {items}</p>'
