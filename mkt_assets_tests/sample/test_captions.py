from __future__ import annotations

import random

import emoji
import pytest

from mkt_assets.models.imagebind.text import tokenize
from mkt_sample.captions import LENGTHS, ODDITIES, Caption, compose
from mkt_sample.lexicon import TOPICS

CONTEXT = 77


def n_tokens(caption: Caption) -> int:
    """CLIP tokens with start and end of title, content and the tags the content lacks."""
    missing = [f"#{tag}" for tag in caption.tags if f"#{tag}" not in caption.content]
    text = emoji.demojize(" ".join([caption.title, caption.content, *missing]).strip())
    return len(tokenize(text))


@pytest.mark.parametrize("topic", list(TOPICS))
@pytest.mark.parametrize("tagless", [False, True])
def test_only_long_captions_exceed_the_context_of_clip(topic: str, tagless: bool):
    for seed in range(150):
        for length in LENGTHS:
            caption = compose(random.Random(seed), topic, length, tagless=tagless)
            assert (n_tokens(caption) > CONTEXT) == (length == "long"), caption


def test_a_title_only_caption_has_neither_content_nor_tags():
    for seed in range(50):
        caption = compose(random.Random(seed), "date", "title_only")
        assert caption.title and not caption.content and not caption.tags


def test_no_slot_is_left_open():
    for topic in TOPICS:
        for seed in range(200):
            caption = compose(random.Random(seed), topic, "long")
            assert not set("{}") & set(caption.title + caption.content + "".join(caption.tags))


@pytest.mark.parametrize(
    ("oddity", "trace"),
    [("nan", " nan "), ("kana", "안녕"), ("markup", "<br>"), ("bars", "|||"), ("controls", "\u200b")],
)
def test_an_oddity_stands_in_the_content(oddity: str, trace: str):
    assert trace in compose(random.Random(3), "petite", "long", oddity=oddity).content


def test_formulas_and_thirty_tags_are_among_the_oddities():
    assert {"formula", "many_tags"} <= set(ODDITIES)
    assert compose(random.Random(3), "sports", "long", oddity="formula").title.startswith("=")
    tags = compose(random.Random(3), "sports", "long", oddity="many_tags").tags
    assert 30 <= len(set(tags)) == len(tags) <= 31


def test_an_edit_changes_a_caption_and_nothing_else_does():
    plain, again, edited = (
        compose(random.Random(5), "winter", "long", edited=e) for e in (False, False, True)
    )
    assert plain == again
    assert edited.content.startswith(plain.content) and edited.title != plain.title


def test_captions_hold_joined_and_toned_emoji_and_a_plus():
    text = "".join(compose(random.Random(s), "commute", "long").content for s in range(200))
    assert "➕" in text and "👩🏻\u200d💻" in text and "👍🏻" in text
