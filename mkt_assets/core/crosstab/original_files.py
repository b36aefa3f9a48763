"""A crawl's results in the shapes of the original project's files: names, columns, order. Nothing is written here.

Which habits of the original are kept is said with each file. Of two that are not kept: it wrote a row once more for
every re-crawl of a post (here a post counts once), and its representative texts were not always members of their
cluster (here they are).

Not here: writing them (operations/export).
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pandas as pd

from mkt_assets.core.crosstab.crosstab import IMAGE_LABEL, TEXT_LABEL, first_seen_order, pivot
from mkt_assets.core.text.csv_injection import escape_formula

COMBINED = "combined_clustered_matched_image_text.csv"
RATIOS = "category_ratios.csv"
TABLE = "all_categories_table_final.csv"
LABELS = "labels.json"
PICTURES = "output_img"
"""The folder with a folder of pictures for every image cluster, named by its number."""

_CHART_NAMES = {
    "bars_all": "all_categories_chart_part{next}.png",
    "cluster_sheet": f"{PICTURES}/cluster_{{part}}_grid.png",
}
_UNSAFE = re.compile(r"[^0-9A-Za-z_-]")
_POST = ["poster_id", "post_id"]


def clustered_labels(images: pd.DataFrame) -> pd.DataFrame:
    """`clustered_labels{k}.csv`: poster_id, post_id, nums_category_img; a row an image.

    Kept: a post with several pictures has as many rows, which nothing tells apart.

    Args:
        images: poster_id, post_id, cluster_id; in the order of the file.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.original_files import clustered_labels
        >>> images = pd.DataFrame({"poster_id": "a", "post_id": ["p", "q"], "cluster_id": [4, 2]})
        >>> print(clustered_labels(images).to_csv(index=False))
        poster_id,post_id,nums_category_img
        a,p,4
        a,q,2
    """
    return images.reindex(columns=[*_POST, "cluster_id"]).rename(columns={"cluster_id": IMAGE_LABEL})


def clustered_summaries(texts: pd.DataFrame) -> pd.DataFrame:
    """`clustered_summaries{k}.csv`: poster_id, post_id, summary, num_category_text; a row a post with a text.

    Args:
        texts: poster_id, post_id, summary, cluster_id; in the order of the file.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.original_files import clustered_summaries
        >>> texts = pd.DataFrame({"poster_id": ["a"], "post_id": ["p"], "summary": ["白衣"], "cluster_id": [3]})
        >>> print(clustered_summaries(texts).to_csv(index=False))
        poster_id,post_id,summary,num_category_text
        a,p,白衣,3
    """
    columns = [*_POST, "summary", "cluster_id"]
    return texts.reindex(columns=columns).rename(columns={"cluster_id": TEXT_LABEL})


def clustered_summaries_json(texts: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """`clustered_summaries{k}.json`: `clusters` (poster_id, post_id, summary, cluster) and `cluster_centers`.

    Kept: the label is called `cluster` here and `num_category_text` in the CSV; the rows are in the same order. A
    center is {cluster_id, summary}: a text that stands for the cluster, without vector.

    Args:
        texts: poster_id, post_id, summary, cluster_id, rank_in_cluster (1 = nearest to the centroid).

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.original_files import clustered_summaries_json
        >>> row = {"poster_id": "a", "post_id": "p", "summary": "白衣", "cluster_id": 3, "rank_in_cluster": 1}
        >>> clustered_summaries_json(pd.DataFrame([row]))
        {'clusters': [{'poster_id': 'a', 'post_id': 'p', 'summary': '白衣', 'cluster': 3}], 'cluster_centers':
        [{'cluster_id': 3, 'summary': '白衣'}]}
    """
    columns = [*_POST, "summary", "cluster_id"]
    rows = texts.reindex(columns=columns).rename(columns={"cluster_id": "cluster"})
    centers = texts[texts["rank_in_cluster"] == 1].sort_values("cluster_id")
    return {
        "clusters": _records(rows),
        "cluster_centers": _records(centers.reindex(columns=["cluster_id", "summary"])),
    }


def combined(labels: pd.DataFrame, texts: pd.DataFrame) -> pd.DataFrame:
    """`combined_clustered_matched_image_text.csv`: each text with each picture of its post.

    Kept: an inner join with the texts on the left: posts that lack either are left out, and a post with three
    pictures has three rows.

    Args:
        labels: From `clustered_labels`.
        texts: From `clustered_summaries`.

    Returns:
        poster_id, post_id, summary, num_category_text, nums_category_img; in the order of the texts.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.original_files import combined
        >>> of_post = {"poster_id": ["a"], "post_id": ["p"]}
        >>> labels = pd.DataFrame(of_post).assign(nums_category_img=4)
        >>> texts = pd.DataFrame(of_post).assign(summary="白衣", num_category_text=3)
        >>> print(combined(pd.concat([labels, labels]), texts).to_csv(index=False))
        poster_id,post_id,summary,num_category_text,nums_category_img
        a,p,白衣,3,4
        a,p,白衣,3,4
    """
    numbered = texts.assign(text_row=range(len(texts)))
    joined = numbered.merge(labels.assign(image_row=range(len(labels))), on=_POST, how="inner")
    joined = joined.sort_values(["text_row", "image_row"], ignore_index=True)
    return joined.drop(columns=["text_row", "image_row"])


def category_ratios(ratios: pd.DataFrame, labels: pd.DataFrame, texts: pd.DataFrame) -> pd.DataFrame:
    """`category_ratios.csv`: nums_category_img, num_category_text, ratio; a row a pair that occurs.

    Kept: image clusters in the order of their first row in the combined file, and the text clusters of one
    likewise, not sorted; image clusters without any text are left out.

    Args:
        ratios: image_cluster, text_cluster, ratio, of one counting unit.
        labels: From `clustered_labels`.
        texts: From `clustered_summaries`.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.original_files import category_ratios
        >>> of_post = pd.DataFrame({"poster_id": ["a", "b"], "post_id": ["p", "q"]})
        >>> labels = of_post.assign(nums_category_img=[4, 2])
        >>> texts = of_post.assign(num_category_text=[3, 3])
        >>> ratios = pd.DataFrame({"image_cluster": [2, 4], "text_cluster": [3, 3], "ratio": [1.0, 1.0]})
        >>> print(category_ratios(ratios, labels, texts).to_csv(index=False))
        nums_category_img,num_category_text,ratio
        4,3,1.0
        2,3,1.0
    """
    images = labels.rename(columns={IMAGE_LABEL: "image_cluster"})
    pairs = first_seen_order(ratios, images, texts.rename(columns={TEXT_LABEL: "text_cluster"}))
    names = {"image_cluster": IMAGE_LABEL, "text_cluster": TEXT_LABEL}
    return pairs.reindex(columns=[*names, "ratio"]).rename(columns=names)


def all_categories_table(ratios: pd.DataFrame) -> pd.DataFrame:
    """`all_categories_table_final.csv`: the ratios as a table, nums_category_img down, text clusters across.

    Kept: both ascending; 0.0 for a pair that does not occur; clusters without any pair have no row or column;
    every pair is there, though the original called it its top three.

    Args:
        ratios: image_cluster, text_cluster, ratio, of one counting unit.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.original_files import all_categories_table
        >>> pairs = [(0, 3, 0.25), (0, 5, 0.75), (1, 5, 1.0)]
        >>> ratios = pd.DataFrame(pairs, columns=["image_cluster", "text_cluster", "ratio"])
        >>> print(all_categories_table(ratios).to_csv(index=False))
        nums_category_img,3,5
        0,0.25,0.75
        1,0.0,1.0
    """
    table = pivot(ratios.dropna(subset=["text_cluster"]))
    return table.rename_axis(index=IMAGE_LABEL, columns=None).reset_index()


def picture_names(images: pd.DataFrame, suffix: str) -> list[str]:
    """The original's name of each picture: `{MM-DD}_{poster_id}_{post_id}_{frame}` and the suffix.

    Kept: the day of publication without its year. Where the platform does not say it, it is that of the crawl.
    Whatever could not be part of a file name everywhere is percent-encoded.

    Args:
        images: poster_id, post_id, frame, published_at, item_crawl_date.
        suffix: `.png`, for example.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.original_files import picture_names
        >>> image = {"poster_id": "a", "post_id": "p/1", "frame": "image_0", "published_at": None}
        >>> picture_names(pd.DataFrame([image | {"item_crawl_date": "2024-06-13"}]), ".png")
        ['06-13_a_p%2F1_image_0.png']
    """
    days = pd.to_datetime(images["published_at"]).fillna(pd.to_datetime(images["item_crawl_date"]))
    parts = zip(
        days.dt.strftime("%m-%d"), images["poster_id"], images["post_id"], images["frame"], strict=True
    )
    return ["_".join((day, *map(_path_safe, ids))) + suffix for day, *ids in parts]


def labels_json(names: list[str], images: pd.DataFrame) -> dict[str, int]:
    """`labels.json`: the image cluster of every picture, by the picture's file name, sorted.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.original_files import labels_json
        >>> labels_json(["b.png", "a.png"], pd.DataFrame({"cluster_id": [4, 2]}))
        {'a.png': 2, 'b.png': 4}
    """
    return dict(sorted(zip(names, map(int, images["cluster_id"]), strict=True)))


def chart_name(name: str, part: int) -> str | None:
    """What the original called a chart of this name and part, and where; None if it had no such chart.

    Kept: parts of the stacked bars count from 1, contact sheets bear the number of their cluster.

    Examples:
        >>> from mkt_assets.core.crosstab.original_files import chart_name
        >>> [chart_name("bars_all", 0), chart_name("cluster_sheet", 7), chart_name("elbow", 0)]
        ['all_categories_chart_part1.png', 'output_img/cluster_7_grid.png', None]
    """
    pattern = _CHART_NAMES.get(name)
    return None if pattern is None else pattern.format(part=part, next=part + 1)


def escape_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every text that a spreadsheet would run as a formula escaped, see core/text/csv_injection.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.original_files import escape_formulas
        >>> escape_formulas(pd.DataFrame({"summary": ["=^_^=", "白衣"], "cluster_id": [-1, 2]})).values.tolist()
        [["'=^_^=", -1], ['白衣', 2]]
    """
    texts = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    return frame.assign(
        **{name: [escape_formula(v) if isinstance(v, str) else v for v in frame[name]] for name in texts}
    )


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [dict(zip(frame.columns, row, strict=True)) for row in _rows(frame)]


def _rows(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    # tolist: whole numbers as json knows them, not as numpy's
    return list(zip(*(frame[name].tolist() for name in frame.columns), strict=True))


def _path_safe(text: str) -> str:
    return _UNSAFE.sub(lambda found: quote(found[0], safe="").replace(".", "%2E"), str(text))
