"""Composing a post's title, body and hashtags at a wanted length.

Not here: the words (mkt_sample/lexicon), which post gets which (mkt_sample/plan).
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from mkt_sample.lexicon import COMMON_EMOJI, COMMON_SENTENCES, COMMON_TAGS, TOPICS, Topic

PLATFORM_SUFFIX = " - 小红书"
LENGTHS = ("title_only", "short", "long")

_ODDITIES = {
    "nan": "店里的小狗名字就叫 nan ，一直在脚边转。",
    "kana": "评论区有人说かわいい，안녕！",
    "markup": "第一行<br>第二行<br/>先看这里\u3000\u3000再看那里",
    "bars": "颜色|尺码|面料 都写在下面|||",
    "controls": "复制的时候带了\u200b零宽空格，还有\t制表符",
}
ODDITIES = (*_ODDITIES, "formula", "many_tags")
"""What a crawl holds once: see `compose`."""


@dataclass(frozen=True, slots=True)
class Caption:
    """A post's text as its author wrote it; empty strings where there is none."""

    title: str
    content: str
    tags: tuple[str, ...]


def compose(
    rng: random.Random,
    topic: str,
    length: str,
    *,
    tagless: bool = False,
    oddity: str = "",
    edited: bool = False,
) -> Caption:
    """A caption of a topic.

    `length` is one of `LENGTHS`: only a title; a title and a few words (at most 77 CLIP tokens in all);
    or a body beyond 77 tokens. An oddity adds, once, what breaks naive code: the word nan, kana and
    Hangul, markup and full-width blanks, bars, control characters, a cell that begins with = or 30
    hashtags. An edited caption differs from the one first composed with the same `rng` state.
    """
    words = TOPICS[topic]
    title = _title(rng, words, length)
    if length == "title_only":
        caption = Caption(title, "", ())
    elif length == "short":
        tags = () if tagless else (rng.choice([tag for tag in words.tags if len(tag) <= 4]),)
        caption = Caption(
            title, " ".join([_filled(rng, words, rng.choice(words.asides)), *_hashed(tags)]), tags
        )
    else:
        caption = _long(rng, words, title, tagless=tagless, n_tags=30 if oddity == "many_tags" else None)
    if oddity == "formula":
        caption = Caption(f"={caption.title}", caption.content, caption.tags)
    elif oddity in _ODDITIES:
        caption = Caption(caption.title, f"{_ODDITIES[oddity]}\n{caption.content}".strip(), caption.tags)
    if edited:
        update = _filled(rng, words, rng.choice(words.sentences))
        caption = Caption(
            f"{caption.title}（更新）", f"{caption.content}\n更新：{update}".strip(), caption.tags
        )
    return caption


def _title(rng: random.Random, words: Topic, length: str) -> str:
    if length == "short":
        drafts = [_filled(rng, words, rng.choice(words.titles)) for _ in range(4)]
        return min(drafts, key=len)
    title = _filled(rng, words, rng.choice(words.titles))
    if rng.random() < 0.5:
        title = f"{title}｜{rng.choice(words.keywords)}"
    return title + rng.choice(words.emoji) if rng.random() < 0.3 else title


def _long(rng: random.Random, words: Topic, title: str, *, tagless: bool, n_tags: int | None) -> Caption:
    n_sentences = rng.choices((2, 3, 4, 6, 9), (30, 32, 20, 12, 6))[0]
    sentences = [_filled(rng, words, text) for text in rng.sample(words.sentences, n_sentences)]
    if rng.random() < 0.3:
        sentences.append(_filled(rng, words, rng.choice(COMMON_SENTENCES)))
    if rng.random() < 0.7:
        chosen = rng.sample((*words.emoji, *COMMON_EMOJI), rng.choice((1, 1, 2, 3)))
        for mark in chosen:
            at = rng.randrange(len(sentences))
            sentences[at] += mark
    body = rng.choice(("", "", "\n", "\n", "<br>", "\u3000")).join(sentences)
    if tagless:
        return Caption(title, body, ())
    tags = _tags(rng, words, n_tags)
    if not tags or rng.random() < 0.06:
        return Caption(title, body, tags)  # tags that are listed, but not written in the body
    return Caption(title, f"{body}{rng.choice((' ', chr(10)))}{' '.join(_hashed(tags))}", tags)


def _tags(rng: random.Random, words: Topic, n_tags: int | None) -> tuple[str, ...]:
    wanted = rng.choice((2, 3, 4, 5, 6, 8, 10, 12)) if n_tags is None else n_tags
    common = rng.sample(COMMON_TAGS, 1 if rng.random() < 0.5 else 0)
    tags = [*rng.sample(words.tags, min(wanted, len(words.tags))), *common]
    tags += [f"{item}推荐" for item in (*words.items, *words.scenes)][: max(wanted - len(tags), 0)]
    return tuple(tags)


def _filled(rng: random.Random, words: Topic, template: str) -> str:
    item, other = rng.sample(words.items, 2)
    values = {
        "item": item,
        "other": other,
        "scene": rng.choice(words.scenes),
        "point": rng.choice(words.points),
        "n": str(rng.randrange(2, 10)),
    }
    return re.sub(r"\{(\w+)\}", lambda slot: values[slot[1]], template)


def _hashed(tags: tuple[str, ...]) -> list[str]:
    return [f"#{tag}" for tag in tags]
