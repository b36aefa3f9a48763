"""Which clusters of successive crawls are the same style or topic: matching, ancestry and lasting ids.

Not here: the ids themselves (core/over_time/identity_ids), what is new (core/over_time/novelty), names
(core/profiles/identity_names).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mkt_assets.core.clustering.threads import one_blas_thread
from mkt_assets.core.over_time.identity_ids import Published, ids_of_tracks

REACH = 0.5
"""A cluster may move by this share of the cosine distance to its nearest sibling and is still the same."""
CLUSTER_KEY = ["crawl_date", "modality", "cluster_id"]

Floats = NDArray[np.float64]


def anchors(members: pd.DataFrame) -> pd.Series:
    """One member of every cluster that stands for it: the one whose hash is smallest (MinHash, Broder 1997).

    Two fits of the same items give a cluster the same anchor with a probability of the Jaccard index of its
    members then and now: an id made of the anchor lasts through a refit better than one made of the medoid, which
    changes with any small shift of the centroid.

    Args:
        members: Rows with crawl_date, modality, cluster_id, post_id, frame (missing for texts).

    Returns:
        The anchor, a sha256, by crawl_date, modality and cluster_id.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.over_time.identities import anchors
        >>> members = pd.DataFrame({"post_id": ["p", "q", "r"], "frame": None, "cluster_id": [0, 0, 1]})
        >>> members = members.assign(crawl_date="2024-06-13", modality="text")
        >>> first, second = anchors(members)
        >>> anchors(members.query("post_id != 'q'")).iloc[1] == second  # the other cluster has changed
        True
    """
    items = members["post_id"].astype(str) + "\x1f" + members["frame"].fillna("").astype(str)
    hashes = {item: hashlib.sha256(item.encode()).hexdigest() for item in items.unique()}
    return members.assign(anchor=items.map(hashes)).groupby(CLUSTER_KEY)["anchor"].min()


def identify(clusters: pd.DataFrame, known: pd.DataFrame | None = None) -> pd.DataFrame:
    """The lasting identity of every cluster of every crawl date.

    Crawl dates of a modality and encoder are gone through in order, and clusters matched one-to-one with those of
    the crawl date before by cosine of centroids (Kuhn 1955). A pair may match if each lies within the other's
    reach, see `reaches`. What finds no match is matched with identities of earlier crawls that are not in the last
    one, as they were last seen, however long ago. What is then left is unmatched; if a cluster of the crawl before
    that goes on elsewhere is within reach, it was split off that one. A cluster of the crawl before that does not go
    on, with one within reach that does, merged into that one. Whether something unmatched is new, and something
    that does not go on is gone, is another question: see `claims`.

    Which clusters are one identity depends on the clusters alone: a row on its own and earlier crawl dates (but for
    last_seen and ended), on no cluster id and on no order of rows. What an identity is called does not change once
    it is published, whatever crawl dates are added or clustered again: see `identity_ids`.

    Args:
        clusters: A row a cluster: crawl_date, modality, cluster_id, encoder, anchor (see `anchors`), centroid
            (of length 1), spread (see `spreads`).
        known: The identities as they were published last: crawl_date, modality, cluster_id, encoder, identity,
            centroid (missing where it was not kept).

    Returns:
        A row a cluster, in the order of crawl_date, modality, cluster_id, with the columns of cluster_identities
        that are about matching.

    Examples:
        >>> from datetime import date
        >>> import numpy as np
        >>> import pandas as pd
        >>> from mkt_assets.core.over_time.identities import identify
        >>> first, second = date(2024, 6, 13), date(2024, 6, 14)
        >>> crawl_dates, numbers = [first, first, second, second], [0, 1, 0, 1]
        >>> clusters = pd.DataFrame({"crawl_date": crawl_dates, "cluster_id": numbers, "anchor": ["a", "b", "b", "a"]})
        >>> clusters["centroid"] = list(np.eye(2)[[0, 1, 1, 0]])  # on the second day they are numbered otherwise
        >>> found = identify(clusters.assign(modality="text", encoder="e 1", spread=0.1))
        >>> found["identity"].iloc[0] == found["identity"].iloc[3], found["event"].tolist()
        (True, ['first', 'first', 'continued', 'continued'])
    """
    parts: list[pd.DataFrame] = []
    published = pd.DataFrame(columns=_KNOWN_COLUMNS) if known is None else known
    with one_blas_thread():
        # vectors of another length are of another version of the encoder
        for (modality, encoder, _), group in clusters.groupby(
            ["modality", "encoder", clusters["centroid"].map(len)]
        ):
            history, crawls = _History(), list(_crawls(group))
            for crawl in crawls:
                history.add(crawl)
            of_group = published[(published["modality"] == modality) & (published["encoder"] == encoder)]
            ids = ids_of_tracks(str(modality), str(encoder), history.tracks(), _published(crawls, of_group))
            parts.append(history.frame(ids).assign(modality=str(modality), encoder=str(encoder)))
    if not parts:
        return _History().frame({}).assign(modality="", encoder="")
    return pd.concat(parts, ignore_index=True).sort_values(CLUSTER_KEY, ignore_index=True)


_KNOWN_COLUMNS = [*CLUSTER_KEY, "encoder", "identity", "centroid"]


@dataclass(frozen=True)
class _Crawl:
    """The clusters of a crawl date, in an order that is not that of their ids; `reach` is a cosine distance."""

    crawl_date: date
    cluster_ids: Sequence[int]
    anchors: Sequence[str]
    centroids: Floats
    reach: Floats


@dataclass(frozen=True)
class _LastCluster:
    """An identity as it was last seen."""

    track: int
    crawl_date: date
    cluster_id: int
    centroid: Floats
    reach: float


def _crawls(group: pd.DataFrame) -> Iterator[_Crawl]:
    for crawl_date, rows in group.groupby("crawl_date"):
        ordered = rows.sort_values("anchor")
        centroids = _matrix(ordered["centroid"])
        yield _Crawl(
            pd.Timestamp(str(crawl_date)).date(),
            [int(i) for i in ordered["cluster_id"]],
            [str(a) for a in ordered["anchor"]],
            centroids,
            reaches(centroids, ordered["spread"].to_numpy(np.float64)),
        )


def _matrix(centroids: pd.Series) -> Floats:
    return np.stack([np.asarray(c, dtype=np.float64) for c in centroids])


def spreads(members: pd.DataFrame) -> pd.Series:
    """Mean cosine distance of each cluster's members from its direction, by crawl_date, modality and cluster_id.

    Args:
        members: Rows with crawl_date, modality, cluster_id, distance (from the mean of the unit vectors).

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.over_time.identities import spreads
        >>> members = pd.DataFrame({"crawl_date": "2024-06-13", "modality": "text", "cluster_id": [0, 0, 1, 1]})
        >>> spreads(members.assign(distance=[0.6, 0.6, 0.1, 0.1])).round(3).tolist()
        [0.2, 0.005]
    """
    squares = members.assign(square=members["distance"] ** 2).groupby(CLUSTER_KEY)["square"].mean()
    # of unit vectors, the mean squared distance from their mean is 1 - its squared length
    return (1.0 - np.sqrt(np.maximum(1.0 - squares, 0.0))).rename("spread")


def reaches(centroids: Floats, spread: Floats) -> Floats:
    """How far, in cosine distance, each of a crawl's clusters may move and is still the same.

    `REACH` times the distance to its nearest sibling, or times the typical (median) such distance of the crawl if
    this is more: the floor is in the encoder's own scale. It is no more than its members typically lie from their
    centroid (its own `spread` or the crawl's median), which is all that a cluster without siblings has.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.over_time.identities import reaches
        >>> angles = np.radians([0, 10, 90])  # the first two are near each other
        >>> centroids = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        >>> reaches(centroids, np.full(3, 0.05)).round(3).tolist()
        [0.008, 0.008, 0.05]
    """
    widest = np.maximum(spread, np.median(spread))
    if len(centroids) == 1:
        return widest
    apart = cosine_distances(centroids, centroids)
    np.fill_diagonal(apart, np.inf)
    nearest = apart.min(axis=1)
    return np.minimum(REACH * np.maximum(nearest, np.median(nearest)), widest)


def cosine_distances(one: Floats, other: Floats) -> Floats:
    """1 - cosine of unit vectors, (n, m), never negative.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.over_time.identities import cosine_distances
        >>> cosine_distances(np.eye(2), np.array([[0.6, 0.8]])).round(2).tolist()
        [[0.4], [0.2]]
    """
    return np.maximum(1.0 - one @ other.T, 0.0)


class _History:
    """Crawl dates of one modality and encoder, added oldest first; identities are numbered, as tracks."""

    def __init__(self) -> None:
        self._last: dict[int, _LastCluster] = {}
        self._dates: list[date] = []
        self._rows: list[dict[str, object]] = []

    def add(self, crawl: _Crawl) -> None:
        """Give every cluster of the next crawl date its identity and event."""
        before = self._dates[-1] if self._dates else None
        recent = [last for last in self._last.values() if last.crawl_date == before]
        dormant = [last for last in self._last.values() if last.crawl_date != before]
        nearness = _nearness(recent, crawl)
        found = {c: recent[p] for p, c in _pairs(nearness)}
        left = [c for c in range(len(crawl.anchors)) if c not in found]
        found |= {left[c]: dormant[p] for p, c in _pairs(_nearness(dormant, crawl)[:, left])}
        n_tracks = len(self._last)
        new = {c: n_tracks + i for i, c in enumerate(c for c in left if c not in found)}
        events = [
            _Event(found[c].track, "continued", found[c])
            if c in found
            else self._unmatched(new[c], recent, nearness[:, c])
            for c in range(len(crawl.anchors))
        ]
        on = {last.track for last in found.values()}
        for p in (p for p, last in enumerate(recent) if last.track not in on):
            into = int(nearness[p].argmax())
            if nearness[p, into] > 0:
                events[into].event = "merged"
                events[into].absorbed.append(recent[p].track)
        for c, event in enumerate(events):
            self._rows.append(self._row(crawl, c, event))
            self._last[event.track] = _LastCluster(
                event.track, crawl.crawl_date, crawl.cluster_ids[c], crawl.centroids[c], crawl.reach[c]
            )
        self._dates.append(crawl.crawl_date)

    def _unmatched(self, track: int, recent: Sequence[_LastCluster], nearness: Floats) -> _Event:
        if not self._dates:
            return _Event(track, "first", None)
        parent = int(nearness.argmax())
        return _Event(track, "unmatched", recent[parent] if nearness[parent] > 0 else None)

    def _row(self, crawl: _Crawl, c: int, event: _Event) -> dict[str, object]:
        previous = event.previous
        return {
            "crawl_date": crawl.crawl_date,
            "cluster_id": crawl.cluster_ids[c],
            "track": event.track,
            "anchor": crawl.anchors[c],
            "centroid": crawl.centroids[c].astype(np.float32),
            "event": event.event,
            "crawl_before": self._dates[-1] if self._dates else None,
            "previous_crawl_date": None if previous is None else previous.crawl_date,
            "previous_cluster_id": None if previous is None else previous.cluster_id,
            "similarity": None if previous is None else float(previous.centroid @ crawl.centroids[c]),
            "split_from": previous.track if previous is not None and event.event == "unmatched" else None,
            "absorbed": event.absorbed,
        }

    def tracks(self) -> pd.DataFrame:
        """crawl_date, cluster_id, anchor and track of every cluster."""
        return pd.DataFrame(self._rows, columns=["crawl_date", "cluster_id", "anchor", "track"])

    def frame(self, ids: dict[int, str]) -> pd.DataFrame:
        """What was found, with what only later crawl dates tell."""
        frame = pd.DataFrame(self._rows, columns=_ROW_COLUMNS)
        crawl_dates = frame.groupby("track")["crawl_date"]
        frame["first_seen"], frame["last_seen"] = crawl_dates.transform("min"), crawl_dates.transform("max")
        following = dict(zip(self._dates, self._dates[1:], strict=False))
        present = set(zip(frame["track"], frame["crawl_date"], strict=True))
        frame["ended"] = [
            day in following and (track, following[day]) not in present
            for track, day in zip(frame["track"], frame["crawl_date"], strict=True)
        ]
        frame["identity"] = [ids[track] for track in frame["track"]]
        frame["split_from"] = [None if pd.isna(track) else ids[int(track)] for track in frame["split_from"]]
        frame["absorbed"] = [sorted(ids[track] for track in tracks) for tracks in frame["absorbed"]]
        types = {"previous_cluster_id": "Int64", "similarity": "float64", "ended": "bool"}
        return frame.astype(types).drop(columns="track")


@dataclass
class _Event:
    """What happened to a cluster; `previous` is what it goes on from or was split off."""

    track: int
    event: str
    previous: _LastCluster | None
    absorbed: list[int] = field(default_factory=list[int])


_ROW_COLUMNS = [
    *("crawl_date", "cluster_id", "track", "centroid", "event", "crawl_before"),
    *("previous_crawl_date", "previous_cluster_id", "similarity", "split_from", "absorbed"),
]


def _nearness(earlier: Sequence[_LastCluster], crawl: _Crawl) -> Floats:
    """(earlier, clusters): 1 at the same place, 0 where either is out of the other's reach."""
    if not earlier:
        return np.zeros((0, len(crawl.anchors)))
    places = np.stack([last.centroid for last in earlier])
    return _within(places, np.array([last.reach for last in earlier]), crawl)


def _within(centroids: Floats, reach: Floats, crawl: _Crawl) -> Floats:
    apart = cosine_distances(centroids, crawl.centroids)
    limit = np.minimum(reach[:, None], crawl.reach[None, :])
    # copies of one vector are at distance 0 with a reach of 0, and the same nevertheless
    return np.where(apart <= 1e-9, 1.0, np.maximum(1.0 - apart / np.maximum(limit, 1e-12), 0.0))


def _pairs(nearness: Floats) -> Iterator[tuple[int, int]]:
    """The one-to-one pairs within reach whose nearness is the largest in sum."""
    from scipy.optimize import linear_sum_assignment

    earlier, now = linear_sum_assignment(nearness, maximize=True)
    for p, c in zip(earlier, now, strict=True):
        if nearness[p, c] > 0:
            yield int(p), int(c)


def _published(crawls: Sequence[_Crawl], known: pd.DataFrame) -> Iterator[Published]:
    """Which clusters have a published id: by centroid, of a crawl that was clustered again the nearest in reach."""
    of_crawl = {crawl.crawl_date: crawl for crawl in crawls}
    for day, rows in known.groupby("crawl_date"):
        if (crawl := of_crawl.get(pd.Timestamp(str(day)).date())) is None:
            continue
        sizes = np.array([0 if isinstance(c, float) or c is None else len(c) for c in rows["centroid"]])
        kept, unplaced = rows[sizes == crawl.centroids.shape[1]], rows[sizes == 0]
        if len(kept):
            near = _within(_matrix(kept["centroid"]), np.full(len(kept), np.inf), crawl)
            for p, c in _pairs(near):
                yield Published(str(kept["identity"].iloc[p]), crawl.crawl_date, crawl.cluster_ids[c])
        for identity, cluster_id in zip(unplaced["identity"], unplaced["cluster_id"], strict=True):
            yield Published(str(identity), crawl.crawl_date, int(cluster_id))
