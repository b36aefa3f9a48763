"""Invented cross tables and pictures for the chart tests."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.charts.base import Picture

Counts = Mapping[int, Mapping[int, int]]


@pytest.fixture(autouse=True)
def nothing_stays_in_the_temporary_folder(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Whatever a test draws."""
    folder: Path = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert list(folder.iterdir()) == []


@pytest.fixture
def ratios_of() -> Callable[..., pd.DataFrame]:
    """Makes `crosstab_ratios` rows of one unit from {image cluster: {text cluster: n}}."""

    def build(counts: Counts, unit: str = "image", n_without_text: int = 4) -> pd.DataFrame:
        rows: list[dict[str, object]] = []
        for image_cluster, by_text in counts.items():
            total = sum(by_text.values())
            order = sorted(by_text, key=lambda text_id: (-by_text[text_id], text_id))
            for text_id in order or [None]:
                n = by_text[text_id] if text_id is not None else 0
                rows.append(
                    {
                        "unit": unit,
                        "image_cluster": image_cluster,
                        "text_cluster": text_id,
                        "n": n,
                        "ratio": n / total if text_id is not None else None,
                        "rank": order.index(text_id) + 1 if text_id is not None else None,
                        "n_with_text": total,
                        "n_without_text": n_without_text,
                        "low_support": total < 5,
                    }
                )
        frame = pd.DataFrame(rows)
        return frame.astype({"text_cluster": "Int64", "rank": "Int64", "ratio": "Float64"})

    return build


@pytest.fixture
def pixels_of() -> Callable[[Picture], NDArray[np.uint8]]:
    """Decodes a picture, checking that its stated size is its size."""

    def decode(picture: Picture) -> NDArray[np.uint8]:
        with Image.open(io.BytesIO(picture.png)) as image:
            assert image.format == "PNG"
            assert image.size == (picture.width, picture.height)
            return np.asarray(image.convert("RGB"))

    return decode
