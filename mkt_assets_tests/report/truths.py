"""Is a sentence of the report true? Its numbers, and its "all", "none" and "only", counted anew from the tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date

from mkt_assets.report.languages import languages
from mkt_assets.report.languages.en import LANGUAGE as ENGLISH
from mkt_assets.report.text import Text, say
from mkt_assets_tests.report.edge_crawls import Shelf
from mkt_assets_tests.report.seen import MODALITY, Seen, amounts_in, is_share, numbers

Blanks = Mapping[str, str]


def _kinds(what: str) -> list[str]:
    assert set(re.split(" and ", what)) <= {"styles", "topics"}
    return [MODALITY[word.rstrip("s")] for word in what.split(" and ")]


def _in_all(seen: Seen, b: Blanks) -> bool:
    (kind, n), (noun, n_items) = *amounts_in(b["clusters"]).items(), *amounts_in(b["items"]).items()
    sizes, n_largest = seen.sizes(MODALITY[kind]), int(b.get("n", "1"))
    held = sum(sizes[:n_largest])
    enough = 2 * held >= n_items and 2 * sum(sizes[: n_largest - 1]) < n_items
    right = (len(sizes), sum(sizes)) == (n, n_items) and len(sizes) > 1 and MODALITY[noun] == MODALITY[kind]
    return right and enough and is_share(b["share"], held, n_items) and (n_largest > 1 or "n" not in b)


def _one(kind: str, noun: str) -> Callable[[Seen, Blanks], bool]:
    return lambda seen, b: seen.sizes(MODALITY[kind]) == [amounts_in(b["items"])[noun]]


def _mattes(seen: Seen, verdict: str | None = None) -> int:
    rows = seen.of_day("matted_images")
    return len(rows if verdict is None else rows[rows["verdict"] == verdict])


def _link(seen: Seen, b: Blanks) -> bool:
    style, topic = seen.number("image", b["style"]), seen.number("text", b["topic"])
    pictures = seen.pictures().dropna(subset="topic")
    of_style = pictures[pictures["cluster_id"] == style]
    both = of_style[of_style["topic"] == topic]
    everywhere = (pictures["topic"] == topic).mean()
    lift, bounds = len(both) / len(of_style) / everywhere, re.findall(r"[\d.]+", b["lift"])
    if not (is_share(b["share"], len(both), len(of_style)) and _is_lift(b["lift"], bounds, lift)):
        return False
    rests = amounts_in(b["rests"])
    posts = both.drop_duplicates("post_id")["poster_id"].value_counts()
    largest = re.findall(r"wrote (\S+) of them", b["rests"])
    return (rests["post"], rests["account"]) == (posts.sum(), len(posts)) and all(
        is_share(share, posts.max(), posts.sum()) for share in largest
    )


def _is_lift(text: str, bounds: list[str], lift: float) -> bool:
    """Whether a lift is the one that is written, or within the bound."""
    if text.startswith("at least"):
        return 1 < float(bounds[0]) <= lift + 0.06
    if text.startswith("at most"):
        return 1 > float(bounds[0]) >= lift - 0.06
    return not bounds or (abs(lift - float(bounds[0])) < 0.06 and float(bounds[-1]) <= lift + 0.06)


def _cell(seen: Seen, b: Blanks) -> bool:
    pairs = seen.pairs()
    style, topic = seen.number("image", b["style"]), seen.number("text", b["topic"])
    (pair,) = pairs[(pairs["image_cluster"] == style) & (pairs["text_cluster"] == topic)].to_dict("records")
    believed = {"Supported.": True, "Not supported.": False}[b["believe"]]
    return _link(seen, b) and bool(pair["supported"]) == believed


def _n_supported(seen: Seen) -> int:
    return int(seen.pairs()["supported"].astype(bool).sum())


def _of_pairs(n_of: Callable[[Seen], int]) -> Callable[[Seen, Blanks], bool]:
    return lambda seen, b: (
        (int(b["n"]), amounts_in(b["pairs"])["pair"]) == (n_of(seen), len(seen.pairs())) and int(b["n"]) > 0
    )


def _no_links(seen: Seen, b: Blanks) -> bool:
    return _n_supported(seen) == 0 < len(seen.pairs()) == amounts_in(b.get("pairs") or "1 pair")["pair"]


def _new(modality: str) -> Callable[[Seen, Blanks], bool]:
    """As many names as there are clusters that are new by the test, of enough posts."""

    def is_true(seen: Seen, b: Blanks) -> bool:
        rows = seen.of_day("cluster_identities", modality)
        found = rows[rows["is_new"] == True] if "is_new" in rows else rows.head(0)  # noqa: E712
        profiles = seen.of_day("cluster_profiles", modality).set_index("cluster_id")
        enough = profiles.loc[list(found["cluster_id"]), "n_posts"].min() >= 5
        return 0 < len(found) == _n_names(b["names"]) and bool(enough)

    return is_true


def _gone(modality: str) -> Callable[[Seen, Blanks], bool]:
    """As many names as there are clusters of the crawl before that are gone by the test, and not there now."""

    def is_true(seen: Seen, b: Blanks) -> bool:
        rows = seen.tables["cluster_identities"]
        now = set(seen.of_day("cluster_identities", modality)["identity"])
        before = rows[(rows["crawl_date"] == seen.before(modality)) & (rows["modality"] == modality)]
        gone = before.loc[before["is_gone"] == True, "identity"] if "is_gone" in rows else []  # noqa: E712
        return 0 < len(set(gone) - now) == _n_names(b["names"])

    return is_true


def _n_names(names: str) -> int:
    """How many there are in a list that may end in "... and so many more"."""
    shown, _, more = names.partition(", … +")
    return len(shown.split(", ")) + int(more or "0")


def _back(modality: str) -> Callable[[Seen, Blanks], bool]:
    def is_true(seen: Seen, b: Blanks) -> bool:
        identities = seen.tables["cluster_identities"]
        now = set(seen.of_day("cluster_identities", modality)["identity"])
        of = identities[(identities["modality"] == modality) & (identities["crawl_date"] < seen.day)]
        last = set(of.loc[of["crawl_date"] == seen.before(modality), "identity"])
        return _n_names(b["names"]) == len(now & set(of["identity"]) - last) > 0

    return is_true


def _lasting(seen: Seen, b: Blanks) -> bool:
    for noun, n in amounts_in(b["things"]).items():
        now = set(seen.of_day("cluster_identities", MODALITY[noun])["identity"])
        identities = seen.tables["cluster_identities"]
        then = set(identities.loc[identities["crawl_date"].astype(str) == b["date"], "identity"])
        if not now or len(now) != n or not now <= then or str(seen.before(MODALITY[noun])) != b["date"]:
            return False
    return True


def _not_surely_new(seen: Seen, b: Blanks) -> bool:
    ((noun, n),) = amounts_in(b["things"]).items()
    identities = seen.tables["cluster_identities"]
    now = set(seen.of_day("cluster_identities", MODALITY[noun])["identity"])
    then = set(identities.loc[identities["crawl_date"].astype(str) == b["date"], "identity"])
    return 0 < n <= len(now - then) and str(seen.before(MODALITY[noun])) == b["date"]


def _no_moves(seen: Seen, b: Blanks) -> bool:
    return all(
        amounts_in(b["crawls"])["crawl"] == seen.crawls_with_new_posts(m) >= 3 and len(seen.sizes(m)) > 1
        for m in _kinds(b["what"])
    )


def _few(column: str) -> Callable[[Seen, Blanks], bool]:
    def is_true(seen: Seen, b: Blanks) -> bool:
        n = {noun: len(seen.few(MODALITY[noun], column)) for noun in ("style", "topic")}
        return amounts_in(b["things"]) == {noun: m for noun, m in n.items() if m}

    return is_true


def _accounts_agree(seen: Seen, b: Blanks) -> bool:
    tops = [
        items["poster_id"].value_counts(normalize=True).max() >= 0.9
        for _, items in seen.of_day("clusters").groupby(["modality", "cluster_id"])
    ]
    return _few("one_poster")(seen, b) and sum(amounts_in(b["things"]).values()) == sum(tops)


def _named_by_one(seen: Seen, b: Blanks) -> bool:
    rows = seen.of_day("cluster_identities")
    return sum(amounts_in(b["things"]).values()) == (rows["name_by"] == "one_account").sum() and b[
        "names"
    ].count("†") == min(4, sum(amounts_in(b["things"]).values()))


def _copies(seen: Seen, b: Blanks) -> bool:
    n = seen.of_day("cluster_profiles").groupby("modality")["n_near_duplicates"].sum()
    return all(n[MODALITY[noun]] == m for noun, m in amounts_in(b["things"]).items())


def _nothing_to_doubt(seen: Seen, _: Blanks) -> bool:
    pairs, pictures = seen.pairs(), seen.pictures()
    weak = any(seen.few(m, c) for m in ("image", "text") for c in ("low_support", "one_poster"))
    return not (weak or len(pairs) > _n_supported(seen) or pictures["topic"].isna().any()) and not len(
        seen.of_day("rejects")
    )


def _none(*modalities: str) -> Callable[[Seen, Blanks], bool]:
    """No cluster of these modalities, and some of the other."""
    return lambda seen, _: (
        all(not seen.sizes(m) for m in modalities)
        and all(seen.sizes(m) for m in {"image", "text"} - set(modalities))
    )


TRUTHS: Mapping[str, Callable[[Seen, Blanks], object]] = {
    "in_all": _in_all,
    "in_all_one_largest": _in_all,
    "one_style": _one("style", "picture"),
    "one_topic": _one("topic", "caption"),
    "no_posts": lambda seen, _: not len(seen.of_day("raw_posts")),
    "no_pictures": lambda seen, _: len(seen.of_day("raw_posts")) > 0 == _mattes(seen),
    "all_rejected": lambda seen, b: (
        0 < _mattes(seen) == _mattes(seen, "rejected") == int(b.get("n") or "1") and not seen.sizes("image")
    ),
    "no_captions": lambda seen, _: (
        len(seen.of_day("raw_posts")) > 0 and not seen.of_day("summaries")["has_text"].any()
    ),
    "no_styles": lambda seen, _: not seen.sizes("image"),
    "no_topics": lambda seen, _: not seen.sizes("text"),
    "link": _link,
    "cell": _cell,
    "links_in_all": _of_pairs(_n_supported),
    "links_shown": lambda seen, b: int(b["n"]) < _n_supported(seen),
    "no_links": _no_links,
    "no_pairs": lambda seen, _: (
        bool(seen.sizes("image") and seen.sizes("text")) and seen.pictures()["topic"].isna().all()
    ),
    "no_pairs_without_styles": _none("image"),
    "no_pairs_without_topics": _none("text"),
    "no_pairs_without_stylestopics": _none("image", "text"),
    "no_news": _none("image", "text"),
    "first_crawl": lambda seen, b: all(seen.sizes(m) and seen.before(m) is None for m in _kinds(b["what"])),
    "born_image": _new("image"),
    "born_text": _new("text"),
    "gone_image": _gone("image"),
    "gone_text": _gone("text"),
    "back_image": _back("image"),
    "back_text": _back("text"),
    "not_surely_new": _not_surely_new,
    "all_continued": _lasting,
    "no_moves": _no_moves,
    "too_few_crawls": lambda seen, b: all(
        amounts_in(b["crawls"])["crawl"] == seen.crawls_with_new_posts(m) < int(b["n"])
        and len(seen.sizes(m)) > 1
        for m in _kinds(b["what"])
    ),
    "moves_single": lambda seen, b: all(len(seen.sizes(m)) == 1 for m in _kinds(b["what"])),
    "moves_later": lambda seen, b: seen.tables["clusters"]["crawl_date"].max() > seen.day,
    "few_posts": _few("low_support"),
    "one_account": _accounts_agree,
    "named_by_one": _named_by_one,
    "unsupported_pairs": _of_pairs(lambda seen: len(seen.pairs()) - _n_supported(seen)),
    "unsupported_all": _no_links,
    "no_elbow": lambda seen, b: all(
        "bend" in set(seen.of_day("k_selection", m)["chosen_by"]) and seen.sizes(m) for m in _kinds(b["what"])
    ),
    "no_caption_share": lambda seen, b: is_share(
        b["share"], int(seen.pictures()["topic"].isna().sum()), len(seen.pictures())
    ),
    "rejected_in_all": lambda seen, b: numbers(b["files"])[0] == len(seen.of_day("rejects")) > 0,
    "copies": _copies,
    "nothing_to_doubt": _nothing_to_doubt,
    "nothing_to_believe": _none("image", "text"),
}
"""By key of a sentence: whether it is true with these blanks."""


def keys_of(sentence: str) -> Iterable[tuple[str, Blanks]]:
    """The sentences of strings that this may be, and what stands in their blanks."""
    for key in TRUTHS:
        for amount in (1, 2):
            blanks = re.findall(r"{(\w+)}", say_template(key, amount))
            pattern = re.escape(say_template(key, amount))
            for name in blanks:
                pattern = pattern.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>.+?)", 1)
            found = re.fullmatch(pattern, sentence)
            if found:
                yield key, found.groupdict()
                break


def say_template(key: str, amount: int) -> str:
    """The English sentence with its blanks."""
    blanks = set(re.findall(r"{(\w+)}", ENGLISH.messages[key]))
    return ENGLISH.write(say(key, amount, **{name: f"{{{name}}}" for name in blanks}))


def untrue(sentences: Iterable[Text], tables: Shelf, day: date) -> list[str]:
    """The sentences of which no reading is true, or that have other numbers in another language."""
    seen = Seen(tables.frames, day)
    return [
        english
        for sentence in sentences
        for english in [ENGLISH.write(sentence)]
        if not any(TRUTHS[key](seen, blanks) for key, blanks in keys_of(english))
        or any(not set(_figures(english)) <= set(_figures(one.write(sentence))) for one in languages())
    ]


def _figures(text: str) -> list[str]:
    return re.findall(r"[\d.,]*\d", text)
