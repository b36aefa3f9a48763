"""Embedding columns and matrices: how unit vectors travel between Arrow and numpy, bit-equal."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_SHA256 = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def to_column(matrix: NDArray[np.float32]) -> pa.ListArray[Any]:
    """Arrow list column of the rows of a (n, d) float32 matrix, without a Python loop."""
    n, d = matrix.shape
    offsets = pa.array(np.arange(n + 1, dtype=np.int32) * d, pa.int32())
    values = pa.array(np.ascontiguousarray(matrix, dtype=np.float32).ravel(), pa.float32())
    return pa.ListArray.from_arrays(offsets, values)


def embedding_columns(
    matrix: NDArray[np.float32], *, encoder: str, encoder_version: str
) -> dict[str, pa.Array[Any]]:
    """The columns that every table of vectors has, from a (n, d) matrix."""
    n, d = matrix.shape
    return {
        "encoder": pa.array([encoder] * n, pa.string()),
        "encoder_version": pa.array([encoder_version] * n, pa.string()),
        "dimension": pa.array([d] * n, pa.int64()),
        "embedding": to_column(matrix),
    }


def to_matrix(column: pa.ChunkedArray[Any]) -> NDArray[np.float32]:
    """(n, d) float32 matrix of an Arrow list column.

    Raises:
        ValueError: if the vectors differ in length.
    """
    if len(column) == 0:
        return np.zeros((0, 0), dtype=np.float32)
    array = cast("pa.ListArray[Any]", column.combine_chunks())
    lengths = np.unique(array.value_lengths().to_numpy())
    if len(lengths) != 1:
        raise ValueError(f"vectors of {len(lengths)} different lengths in one column: {lengths.tolist()}.")
    values: NDArray[Any] = array.flatten().to_numpy(zero_copy_only=False)
    return values.reshape(len(array), int(lengths[0])).astype(np.float32)


def content_key(*parts: str) -> str:
    """sha256 of several strings, unambiguously joined: the key of something computed from them."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def cache_key(made_from: str, *how: str) -> str:
    """Key of something computed from a content in some way: it begins with the content's sha256.

    So all that was ever made of a picture or a text can be found, whichever models made it, see `content_of`.

    Args:
        made_from: names the content by its sha256 and, if it matters, what of it (a frame, a matte's path).
        how: models, versions and options.

    Raises:
        ValueError: if there is no sha256 in `made_from`.
    """
    return f"{content_of(made_from)}-{content_key(made_from, *how)[:32]}"


def content_of(key: str) -> str:
    """The sha256, hex, of the content that a `cache_key`, or the path of a file named by it, is of.

    Raises:
        ValueError: if there is none.
    """
    found = _SHA256.search(key)
    if found is None:
        raise ValueError(f"there is no sha256 in {key!r}.")
    return found[0]


def token_sha256(token_ids: Iterable[int]) -> str:
    """sha256 of token ids: equal exactly when the encoder reads the same."""
    return hashlib.sha256(np.asarray(list(token_ids), dtype="<i8").tobytes()).hexdigest()
