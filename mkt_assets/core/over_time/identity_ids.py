"""The id of a lasting style or topic: what was published stays, what is new gets one of where it was first seen.

Not here: which clusters are the same (core/over_time/identities).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import pandas as pd

from mkt_assets.core.vectors import content_key

KINDS = {"image": "style", "text": "topic"}
"""What a cluster of a modality is called, and what its id begins with."""
_ID_LENGTH = 8  # hexadecimal digits: one in 100,000 chances that two of 300 identities meet


@dataclass(frozen=True)
class Published:
    """A cluster of today that was known by an identity before."""

    identity: str
    crawl_date: date
    cluster_id: int


def ids_of_tracks(
    modality: str, encoder: str, tracks: pd.DataFrame, published: Iterable[Published]
) -> dict[int, str]:
    """The id of every track, a set of clusters of different crawl dates that are one identity.

    A track has the published id that most of its crawl dates know it by, an id goes to the track that has most of
    its crawl dates, and among equals the later dates count: people know the last report. So a crawl date that is
    added before, between or after others, or clustered again, renames nothing that goes on. A track without a
    published id has one of its first crawl date and the anchor of its cluster there; a warehouse whose dates came
    in another order may thus have other ids for the same tracks.

    Args:
        modality: image or text.
        encoder: Part of an id: identities of different encoders never mix.
        tracks: A row a cluster: crawl_date, cluster_id, anchor, track.
        published: Clusters with the id they had.

    Examples:
        >>> from datetime import date
        >>> import pandas as pd
        >>> from mkt_assets.core.over_time.identity_ids import Published, ids_of_tracks
        >>> day = date(2024, 6, 13)
        >>> tracks = pd.DataFrame({"crawl_date": day, "cluster_id": [0, 1], "anchor": ["a", "b"], "track": [0, 1]})
        >>> ids_of_tracks("image", "e 1", tracks, [Published("style-44051f7b", day, 0)])
        {0: 'style-44051f7b', 1: 'style-6b4c98b1'}
    """
    found = _shared(tracks, published)
    taken = set(found.values())
    for row in tracks.sort_values(["crawl_date", "anchor"]).drop_duplicates("track").itertuples():
        if row.track not in found:
            found[int(str(row.track))] = identity = _new(
                taken, modality, encoder, str(row.crawl_date), str(row.anchor)
            )
            taken.add(identity)
    return found


def _shared(tracks: pd.DataFrame, published: Iterable[Published]) -> dict[int, str]:
    """Published ids by track, one-to-one, those with most crawl dates in common first."""
    track_of = {(r.crawl_date, r.cluster_id): int(str(r.track)) for r in tracks.itertuples()}
    dates: dict[tuple[str, int], list[date]] = {}
    for one in published:
        if (track := track_of.get((one.crawl_date, one.cluster_id))) is not None:
            dates.setdefault((one.identity, track), []).append(one.crawl_date)
    ranked = sorted(dates, key=lambda pair: (-len(dates[pair]), -max(dates[pair]).toordinal(), pair))
    found: dict[int, str] = {}
    for identity, track in ranked:
        if track not in found and identity not in found.values():
            found[track] = identity
    return found


def _new(taken: set[str], modality: str, *of: str) -> str:
    """An id that is not taken, of where the identity was first seen."""
    salt: tuple[str, ...] = ()
    while True:
        identity = f"{KINDS[modality]}-{content_key(modality, *of, *salt)[:_ID_LENGTH]}"
        if identity not in taken:
            return identity
        salt = (*salt, identity)
