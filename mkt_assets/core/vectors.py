"""Embedding columns and matrices: unit vectors, and how they travel between Arrow and numpy, bit-equal.

Not here: the cache that its keys are of (resources/cache).
"""

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
    """Arrow list column of the rows of a (n, d) float32 matrix, without a Python loop.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.vectors import to_column
        >>> to_column(np.eye(2, dtype=np.float32)).to_pylist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    n, d = matrix.shape
    offsets = pa.array(np.arange(n + 1, dtype=np.int32) * d, pa.int32())
    values = pa.array(np.ascontiguousarray(matrix, dtype=np.float32).ravel(), pa.float32())
    return pa.ListArray.from_arrays(offsets, values)


def embedding_columns(
    matrix: NDArray[np.float32], *, encoder: str, encoder_version: str
) -> dict[str, pa.Array[Any]]:
    """The columns that every table of vectors has, from a (n, d) matrix.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.vectors import embedding_columns
        >>> columns = embedding_columns(np.eye(1, 3, dtype=np.float32), encoder="e", encoder_version="1")
        >>> {name: column.to_pylist() for name, column in columns.items()}
        {'encoder': ['e'], 'encoder_version': ['1'], 'dimension': [3], 'embedding': [[1.0, 0.0, 0.0]]}
    """
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

    Examples:
        >>> import pyarrow as pa
        >>> from mkt_assets.core.vectors import to_matrix
        >>> to_matrix(pa.chunked_array([[[1.0, 0.0]], [[0.0, 1.0]]])).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
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
    """sha256 of several strings, unambiguously joined: the key of something computed from them.

    Examples:
        >>> from mkt_assets.core.vectors import content_key
        >>> content_key("ab", "c") == content_key("a", "bc")
        False
        >>> content_key("ab", "c")[:8]
        '9617c506'
    """
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def cache_key(made_from: str, *how: str) -> str:
    """Key of something computed from a content in some way: it begins with the content's sha256.

    So all that was ever made of a picture or a text can be found, whichever models made it, see `content_of`.

    Args:
        made_from: names the content by its sha256 and, if it matters, what of it (a frame, a matte's path).
        how: models, versions and options.

    Raises:
        ValueError: if there is no sha256 in `made_from`.

    Examples:
        >>> from hashlib import sha256
        >>> from mkt_assets.core.vectors import cache_key, content_of
        >>> picture = sha256(b"bytes of a picture").hexdigest()
        >>> key = cache_key(f"{picture}/video_1", "efficientnet-lite0", "1")
        >>> key.startswith(picture), content_of(key) == picture
        (True, True)
    """
    return f"{content_of(made_from)}-{content_key(made_from, *how)[:32]}"


def content_of(key: str) -> str:
    """The sha256, hex, of the content that a `cache_key`, or the path of a file named by it, is of.

    Raises:
        ValueError: if there is none.

    Examples:
        >>> from mkt_assets.core.vectors import content_of
        >>> content_of(f"mattes/{64 * '0'}.webp") == 64 * "0"
        True
    """
    found = _SHA256.search(key)
    if found is None:
        raise ValueError(f"there is no sha256 in {key!r}.")
    return found[0]


def token_sha256(token_ids: Iterable[int]) -> str:
    """sha256 of token ids: equal exactly when the encoder reads the same.

    Examples:
        >>> from mkt_assets.core.vectors import token_sha256
        >>> token_sha256([101, 7, 102])[:8], token_sha256(iter([101, 7, 102]))[:8]
        ('b98dbabb', 'b98dbabb')
    """
    return hashlib.sha256(np.asarray(list(token_ids), dtype="<i8").tobytes()).hexdigest()


def unit_rows(X: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, d) vectors at length 1; one without a direction stays as it is.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.vectors import unit_rows
        >>> unit_rows(np.array([[0, 4], [0, 0]], dtype=np.float32)).tolist()
        [[0.0, 1.0], [0.0, 0.0]]
    """
    return X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), np.float32(1e-12))
