from __future__ import annotations

import random
from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from mkt_assets.core.text.summaries import Summarizer
from mkt_assets.core.text.word_lists import load_stop_words
from mkt_assets.models.efficientnet_lite import EfficientNetLite0
from mkt_assets.models.universal_sentence_encoder import UniversalSentenceEncoder
from mkt_sample.outfits import STYLES
from mkt_sample.pictures import draw_pictures
from mkt_sample.plan import plan_crawls
from mkt_sample.tables import caption_of

pytestmark = pytest.mark.slow


def agreement(vectors: NDArray[np.float32], truth: list[str]) -> float:
    """Adjusted Rand index of k-means at the planted k, with the truth."""
    n_clusters = len(set(truth))
    labels = KMeans(n_clusters, n_init=20, random_state=0).fit(vectors).labels_  # pyright: ignore[reportArgumentType]
    return float(adjusted_rand_score(truth, labels))


@pytest.mark.parametrize("seed", [1, 2])
def test_the_bundled_text_encoder_recovers_the_planted_topics(seed: int):
    (crawl,) = plan_crawls(
        n_crawl_dates=1, n_posts=100, seed=seed, first_crawl_date=date(2024, 6, 13), shuffled=False
    )
    summarizer = Summarizer(load_stop_words())
    texts: list[str] = []
    topics: list[str] = []
    for post in crawl.posts:
        caption = caption_of(post, seed)
        summary = summarizer.summarize(caption.title, caption.content, caption.tags)
        assert summary.has_text == bool(post.topic)
        if summary.has_text:
            texts.append(summary.summary)
            topics.append(post.topic)
    vectors = UniversalSentenceEncoder().encode(texts)
    assert agreement(vectors, topics) >= 0.9
    assert agreement(vectors, random.Random(seed).sample(topics, len(topics))) < 0.1


def test_the_bundled_image_encoder_recovers_the_planted_styles():
    encoder = EfficientNetLite0()
    prepared: list[NDArray[np.uint8]] = []
    styles = [style for style in STYLES for _ in range(6)]
    for number, style in enumerate(styles):
        drawn = draw_pictures(random.Random(number), style, 1, (288, 384))[0]
        matted = Image.new("RGB", drawn.picture.size, "white")
        matted.paste(drawn.picture, (0, 0), drawn.mask)
        prepared.append(encoder.prepare(matted))
    vectors = encoder.encode(np.stack(prepared))
    assert agreement(vectors, styles) >= 0.8
    assert agreement(vectors, random.Random(1).sample(styles, len(styles))) < 0.1
