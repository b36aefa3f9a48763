"""Which text clusters go with which image clusters: counts, ratios, ranks and pivot tables of frames."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Unit = Literal["legacy", "image", "post"]
Ties = Literal["text_id", "first_seen"]
UNITS: tuple[Unit, ...] = get_args(Unit)
TIES: tuple[Ties, ...] = get_args(Ties)

IMAGE_LABEL = "nums_category_img"
TEXT_LABEL = "num_category_text"
"""What the original called the two clusters in its files."""

_PAIR = ["image_cluster", "text_cluster"]
_COUNTS = ["n_with_text", "n_without_text", "n_images", "n_posts", "n_posters"]
_COLUMNS = [*_PAIR, "n", "ratio", "rank", *_COUNTS, "low_support"]


def cross(images: pd.DataFrame, texts: pd.DataFrame, unit: Unit, *, min_posts: int = 5) -> pd.DataFrame:
    """Every (image cluster, text cluster) pair that occurs, with its counts, ratio and rank.

    What is counted depends on the unit:

    - `image`: distinct images, that is distinct (post, frame) pairs, or rows where images have no frame;
    - `post`: distinct posts; one whose pictures lie in two image clusters counts in both;
    - `legacy`: rows of the join, so that a text labelled twice counts twice, as the original project did.

    For image and post a post has one text: of several label rows the last one counts. So it is with images
    that carry a frame.

    Args:
        images: post_id, image_cluster; optional frame and poster_id.
        texts: post_id, text_cluster (a missing cluster is no text); optional poster_id. If both frames have
            it, posts are matched by poster and post.
        unit: What is counted.
        min_posts: Image clusters with fewer distinct posts with a text than this are of low support.

    Returns:
        image_cluster (int64), text_cluster (Int64), n, ratio (n over n_with_text), rank (1 = largest ratio,
        then smaller text cluster), n_with_text and n_without_text (items of the image
        cluster), n_images, n_posts, n_posters (distinct ones in the pair; n_posters is missing if no frame
        has poster_id), low_support; by image and text cluster. An image cluster without any text is one row
        with text_cluster, ratio and rank missing and n = 0.

    Raises:
        ValueError: An unknown unit, a missing column, or an image without a cluster.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.crosstab import cross
        >>> images = pd.DataFrame({"poster_id": "a", "post_id": ["p", "p", "q"], "image_cluster": 0})
        >>> images = images.assign(frame=["image_0", "image_1", "image_0"])  # two pictures of one post
        >>> texts = pd.DataFrame({"poster_id": "a", "post_id": ["p", "q"], "text_cluster": [5, 3]})
        >>> cross(images, texts, "image")[["text_cluster", "n", "ratio"]].round(2).values.tolist()
        [[3, 1, 0.33], [5, 2, 0.67]]
        >>> cross(images, texts, "post")[["text_cluster", "n", "ratio"]].round(2).values.tolist()
        [[3, 1, 0.5], [5, 1, 0.5]]
    """
    if unit not in UNITS:
        raise ValueError(f"There is no counting unit {unit!r}: choose one of {', '.join(UNITS)}.")
    joined = join(images, texts, unit)
    item = {"legacy": "row", "image": "image", "post": "post"}[unit]
    with_text = joined.dropna(subset=["text_cluster"])
    without_text = joined.drop(index=with_text.index)

    pairs = with_text.groupby(_PAIR)
    counts = pd.DataFrame(
        {
            "n": pairs[item].nunique(),
            "n_images": pairs["image"].nunique(),
            "n_posts": pairs["post"].nunique(),
            "n_posters": pairs["poster_id"].nunique(),
        }
    ).reset_index()
    clusters = pd.DataFrame(
        {
            "n_with_text": with_text.groupby("image_cluster")[item].nunique(),
            "n_without_text": without_text.groupby("image_cluster")[item].nunique(),
            "posts_with_text": with_text.groupby("image_cluster")["post"].nunique(),
        },
        index=pd.Index(sorted(joined["image_cluster"].unique()), name="image_cluster", dtype="int64"),
    )
    clusters = clusters.fillna(0).astype("int64").reset_index()
    result = clusters.merge(counts, on="image_cluster", how="left")
    for column in ("n", "n_images", "n_posts", "n_posters"):
        result[column] = result[column].fillna(0).astype("int64")
    if "poster_id" not in images and "poster_id" not in texts:
        result["n_posters"] = pd.array([pd.NA] * len(result), dtype="Int64")
    result["text_cluster"] = result["text_cluster"].astype("Int64")
    result["ratio"] = (result["n"] / result["n_with_text"]).astype("float64")
    result["low_support"] = result["posts_with_text"] < min_posts
    result = result.sort_values(_PAIR, ignore_index=True)
    result["rank"] = _rank(result)
    return result.reindex(columns=_COLUMNS)


def first_seen_order(ratios: pd.DataFrame, images: pd.DataFrame, texts: pd.DataFrame) -> pd.DataFrame:
    """The pairs of `cross` in the order the original published them: as they first appear in the join.

    The join has the texts on the left: image clusters in order of their first row, and within one its text
    clusters likewise. Image clusters without a text are left out, as they are in that join.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.crosstab import cross, first_seen_order
        >>> images = pd.DataFrame({"poster_id": "a", "post_id": ["p", "q"], "image_cluster": [0, 1]})
        >>> texts = pd.DataFrame({"poster_id": "a", "post_id": ["q", "p"], "text_cluster": [5, 3]})
        >>> ratios = cross(images, texts, "post")
        >>> ratios["image_cluster"].tolist(), first_seen_order(ratios, images, texts)["image_cluster"].tolist()
        ([0, 1], [1, 0])
    """
    joined = join(images, texts, "legacy").dropna(subset=["text_cluster"])
    joined = joined.sort_values(["text_row", "row"], kind="stable").reset_index(drop=True)
    seen = joined.reset_index(names="pair_seen").drop_duplicates(_PAIR)
    seen = seen.reindex(columns=[*_PAIR, "pair_seen"])
    seen["cluster_seen"] = seen.groupby("image_cluster")["pair_seen"].transform("min")
    ordered = ratios.merge(seen, on=_PAIR, how="inner").sort_values(["cluster_seen", "pair_seen"])
    return ordered.reindex(columns=ratios.columns).reset_index(drop=True)


def top(ratios: pd.DataFrame, n: int = 3, ties: Ties = "text_id") -> pd.DataFrame:
    """The n pairs with the largest ratios of each image cluster, in the order of `ratios`.

    Args:
        ratios: image_cluster, text_cluster, ratio; rows without a text cluster are left out.
        n: Pairs kept of an image cluster.
        ties: At the cut, keep the smaller text cluster, or the pair that stands first in `ratios`.

    Raises:
        ValueError: n below 1, or an unknown rule for ties.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.crosstab import top
        >>> pairs = [(0, 3, 0.2), (0, 4, 0.5), (0, 5, 0.3), (1, 5, 1.0)]
        >>> ratios = pd.DataFrame(pairs, columns=["image_cluster", "text_cluster", "ratio"])
        >>> top(ratios, 2).values.tolist()
        [[0.0, 4.0, 0.5], [0.0, 5.0, 0.3], [1.0, 5.0, 1.0]]
    """
    if n < 1:
        raise ValueError(f"The top {n} of an image cluster is nothing: choose 1 or more.")
    if ties not in TIES:
        raise ValueError(f"There is no rule {ties!r} for ties: choose one of {', '.join(TIES)}.")
    pairs = ratios.dropna(subset=["text_cluster"])
    best = _largest_first(pairs, ties).groupby("image_cluster").head(n)
    return _where(pairs, pairs.index.isin(best.index))


def pivot(
    ratios: pd.DataFrame, kept: pd.DataFrame | None = None, *, cut_off: float = float("nan")
) -> pd.DataFrame:
    """Ratios as a table: image clusters down, text clusters across, both ascending.

    The columns are those of all `ratios`, whatever is kept, so that tables of different cuts line up.

    Args:
        ratios: All pairs, as from `cross`.
        kept: The pairs shown, as from `top`; all if None.
        cut_off: Value of a pair that occurs but is not shown: missing, as it is not known to be zero (the
            original wrote 0). A pair that does not occur is 0; the row of an image cluster without any text
            is missing.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.crosstab import pivot, top
        >>> pairs = [(0, 3, 0.2), (0, 4, 0.5), (0, 5, 0.3), (1, 5, 1.0)]
        >>> ratios = pd.DataFrame(pairs, columns=["image_cluster", "text_cluster", "ratio"])
        >>> print(pivot(ratios, top(ratios, 1)).to_csv())  # what is cut off is not zero
        image_cluster,3,4,5
        0,,0.5,
        1,0.0,0.0,1.0
    """
    pairs = ratios.dropna(subset=["text_cluster"]).astype({"text_cluster": "int64"})
    table = pairs.pivot(index="image_cluster", columns="text_cluster", values="ratio").fillna(0.0)
    if kept is not None:
        shown = pd.MultiIndex.from_frame(kept.reindex(columns=_PAIR))
        hidden = pd.MultiIndex.from_frame(pairs.reindex(columns=_PAIR)).difference(shown)
        values = table.to_numpy(copy=True)
        rows = table.index.get_indexer(hidden.get_level_values("image_cluster"))
        values[rows, table.columns.get_indexer(hidden.get_level_values("text_cluster"))] = cut_off
        table = pd.DataFrame(values, index=table.index, columns=table.columns)
    return table.reindex(pd.Index(sorted(ratios["image_cluster"].unique()), name="image_cluster"))


def join(images: pd.DataFrame, texts: pd.DataFrame, unit: Unit) -> pd.DataFrame:
    """Images with the text of their post, one row a pair: clusters, poster_id, and numbers of its row, image and post.

    Arguments are those of `cross`; text_cluster is missing where the post has no text.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.crosstab import join
        >>> images = pd.DataFrame({"poster_id": "a", "post_id": ["p", "q"], "image_cluster": [0, 1]})
        >>> texts = pd.DataFrame({"poster_id": "a", "post_id": ["p"], "text_cluster": [5]})
        >>> join(images, texts, "post")[["post_id", "image_cluster", "text_cluster"]].values.tolist()
        [['p', 0, 5], ['q', 1, <NA>]]
    """
    _require_columns(images, "images", ["post_id", "image_cluster"])
    _require_columns(texts, "texts", ["post_id", "text_cluster"])
    without_cluster = np.flatnonzero(np.asarray(pd.isna(images["image_cluster"])))
    if len(without_cluster):
        missing = images["post_id"].iloc[without_cluster[0]]
        raise ValueError(f"An image of post {missing} has no cluster: leave it out, or cluster it.")
    key = ["post_id"]
    if "poster_id" in images and "poster_id" in texts:
        key = ["poster_id", "post_id"]
    left = images.reset_index(drop=True)
    right = texts.dropna(subset=["text_cluster"]).reset_index(drop=True)
    if unit != "legacy":
        right = right.drop_duplicates(key, keep="last")
        if "frame" in left:
            left = left.drop_duplicates([*key, "frame"], keep="last")
    left = left.assign(
        image=left.groupby([*key, "frame"], dropna=False).ngroup() if "frame" in left else range(len(left)),
        post=left.groupby(key, dropna=False).ngroup(),
    )
    right = right.assign(text_row=range(len(right)))
    joined = left.merge(right, on=key, how="left", suffixes=("", "_of_text"))
    if "poster_id" not in joined:
        joined["poster_id"] = None
    joined["row"] = range(len(joined))
    joined["text_cluster"] = joined["text_cluster"].astype("Int64")
    return joined


def tally(frame: pd.DataFrame, rows: str, columns: str) -> pd.DataFrame:
    """How many rows of a frame have each pair of values of two columns; as `pd.crosstab`, which calls Python for each.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.crosstab import tally
        >>> tally(pd.DataFrame({"post": ["p", "p", "q"], "style": [1, 2, 2]}), "post", "style").values.tolist()
        [[1, 1], [0, 1]]
    """
    return frame.groupby([rows, columns]).size().unstack(fill_value=0)


def _largest_first(pairs: pd.DataFrame, ties: Ties) -> pd.DataFrame:
    """The one order of an image cluster's pairs: the largest ratio first; of equal ones who comes first by the rule.

    Within an image cluster equal ratios are equal counts, so that nothing else is to be asked.
    """
    ordered = pairs.sort_values("text_cluster", kind="stable") if ties == "text_id" else pairs
    return ordered.sort_values("ratio", ascending=False, kind="stable")


def _rank(ratios: pd.DataFrame) -> pd.Series:
    """1 for the largest ratio of an image cluster; missing where there is no text cluster."""
    pairs = ratios.dropna(subset=["text_cluster"])
    ranks = _largest_first(pairs, "text_id").groupby("image_cluster").cumcount() + 1
    return ranks.reindex(ratios.index).astype("Int64")


def _where(frame: pd.DataFrame, mask: NDArray[np.bool_]) -> pd.DataFrame:
    return frame.take(np.flatnonzero(mask))


def _require_columns(frame: pd.DataFrame, name: str, columns: list[str]) -> None:
    missing = [column for column in columns if column not in frame]
    if missing:
        raise ValueError(f"The frame of {name} has no column {', '.join(missing)}.")


def crosstab_files(
    images_csv: Path,
    texts_csv: Path,
    unit: Unit,
    out: Path,
    *,
    table: Path | None = None,
    top_n: int | None = None,
    ties: Ties = "text_id",
) -> pd.DataFrame:
    r"""Cross two label files in the original's shape, and write the ratios and, if wanted, their pivot table.

    In the legacy unit this reproduces the original's published files, order of rows included; in the other
    units the pairs are sorted by image and text cluster.

    Args:
        images_csv: poster_id, post_id, nums_category_img; a row is an image; optional frame.
        texts_csv: poster_id, post_id, num_category_text.
        unit: What is counted, see `cross`.
        out: Where nums_category_img, num_category_text, ratio go: every pair that occurs.
        table: Where the pivot table goes, zero where the original wrote zero: pairs that do not occur, and
            those cut off by `top_n`.
        top_n: Keep this many text clusters of an image cluster in the table; it keeps all its columns.
        ties: Which pair stays at the cut, see `top`.

    Returns:
        The ratios, with all columns of `cross`.

    Raises:
        FileNotFoundError: A file is not there.
        ValueError: A file cannot be read or lacks a column, or a row has no id or no whole number as a label;
            or `top_n` is given without a table to cut.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from mkt_assets.core.crosstab.crosstab import crosstab_files
        >>> with TemporaryDirectory() as folder:
        ...     images, texts, out = (Path(folder, name) for name in ("images.csv", "texts.csv", "ratios.csv"))
        ...     _ = images.write_text("poster_id,post_id,nums_category_img\na,p,0\na,q,0\n")
        ...     _ = texts.write_text("poster_id,post_id,num_category_text\na,p,5\na,q,3\n")
        ...     _ = crosstab_files(images, texts, "post", out)
        ...     print(out.read_text())
        ...
        nums_category_img,num_category_text,ratio
        0,3,0.5
        0,5,0.5
    """
    if top_n is not None and table is None:
        raise ValueError(f"The top {top_n} cuts the table, not the ratios: say where the table goes.")
    images = _read_labels(images_csv, IMAGE_LABEL).rename(columns={IMAGE_LABEL: "image_cluster"})
    texts = _read_labels(texts_csv, TEXT_LABEL).rename(columns={TEXT_LABEL: "text_cluster"})
    ratios = cross(images, texts, unit)
    first_seen = first_seen_order(ratios, images, texts)
    pairs = first_seen if unit == "legacy" else ratios.dropna(subset=["text_cluster"])
    names = {"image_cluster": IMAGE_LABEL, "text_cluster": TEXT_LABEL}
    pairs.reindex(columns=[*_PAIR, "ratio"]).rename(columns=names).to_csv(out, index=False)
    if table is not None:
        kept = None if top_n is None else top(first_seen, top_n, ties)
        pivot(pairs, kept, cut_off=0.0).rename_axis(index=IMAGE_LABEL, columns=None).to_csv(table)
    return pairs.reset_index(drop=True)


def _read_labels(path: Path, label: str) -> pd.DataFrame:
    """Ids as text and labels as whole numbers, from a CSV file."""
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no file {path}.") from None
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read as a CSV file in UTF-8: {error}.") from error
    missing = [column for column in ("poster_id", "post_id", label) if column not in frame]
    if missing:
        raise ValueError(f"{path} has no column {', '.join(missing)}; it has {', '.join(frame.columns)}.")
    labels = np.asarray(pd.to_numeric(frame[label], errors="coerce"), dtype=np.float64)
    without_id = np.asarray((frame["poster_id"] == "") | (frame["post_id"] == ""))
    for wrong, what in (
        (without_id, "poster_id or post_id is empty"),
        (~np.isfinite(labels) | (labels % 1 != 0), f"{label} is not a whole number"),
    ):
        if wrong.any():
            raise ValueError(f"{path}, record {wrong.argmax() + 1}: {what}. Correct it, or drop it.")
    return frame.assign(**{label: labels.astype(np.int64)})
