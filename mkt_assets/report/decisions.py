"""How many clusters and why, and whether another method would have been better.

Not here: markup (report/templates), how the number is chosen (core/clustering), comparisons (core/experiments).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mkt_assets.core.experiments.verdicts import NAMES
from mkt_assets.core.rounding import index, percent
from mkt_assets.report.answers import PLAIN_STABILITY
from mkt_assets.report.facts import Curve, Facts, Row
from mkt_assets.report.text import Text, counted, joined, say

_WIDTH, _HEIGHT = 420.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 14.0, 14.0, 18.0, 34.0
_NOUNS = {"image": "style", "text": "topic"}
_NOT_RUN = {"not run: weights absent": "not_run_weights"}
_COLUMNS = ("of", "method", "clusters_word", "noise", "stability", "cross_agreement", "background")


@dataclass(frozen=True)
class Plot:
    """Inertia over k as an SVG: coordinates as they are written, and the k's at the ends of the axis."""

    label: str
    text: str
    points: str
    x: str
    y: str
    text_x: str
    text_y: str
    ks: tuple[int, int]
    width: str = f"{_WIDTH:.0f}"
    height: str = f"{_HEIGHT:.0f}"
    left: float = _LEFT
    right: float = _WIDTH - _RIGHT
    floor: float = _HEIGHT - _BOTTOM
    below: float = _HEIGHT - _BOTTOM + 16


@dataclass(frozen=True)
class Decision:
    """A number of clusters, why it is that, and its curve."""

    chosen: Text
    why: tuple[Text, ...]
    numbers: Text
    plot: Plot


@dataclass(frozen=True)
class Method:
    """A method that was compared; without `cells`, its status says why not."""

    of: str
    variant: str
    kind: str
    is_used: bool
    status: Text
    cells: tuple[str, ...]


def values_of(facts: Facts) -> Mapping[str, object]:
    """Values of the template: decisions on numbers of clusters, and methods compared."""
    sampled: list[Text] = []
    for modality, noun in (("image", "picture"), ("text", "caption")):
        sizes = [int(r["n_items"]) for r in facts.methods if r["modality"] == modality and r["n_items"]]
        if sizes:
            sampled.append(counted(max(sizes), noun))
    return {
        "curves": [_decision(curve) for curve in facts.curves],
        "methods": [_method(row) for row in facts.methods],
        "methods_sample": joined(sampled, " + "),
        "method_columns": _COLUMNS,
        "verdicts": [str(row["verdict"]) for row in facts.methods if row["verdict"]],
    }


def _decision(curve: Curve) -> Decision:
    row = curve.chosen
    numbers = say(
        "k_numbers",
        silhouette=_index(row["silhouette"]),
        stability=_index(row["stability"]),
        halves=_index(row["half_stability"]),
    )
    chosen = counted(int(row["k"]), _NOUNS[curve.modality])
    return Decision(chosen, tuple(_why(curve)), numbers, _plot(curve))


def _why(curve: Curve) -> list[Text]:
    row = curve.chosen
    if row["n_fitted"] is not None:
        return [*_rule(row), say("chosen_on_sample", n=f"{int(row['n_fitted']):,}")]
    return _rule(row)


def _rule(row: Row) -> list[Text]:
    if row["chosen_by"] in ("pin", "only"):
        return [say(f"chosen_by_{row['chosen_by']}")]
    key = {"knee": "chosen_by_elbow", "bend": "chosen_by_bend"}.get(str(row["chosen_by"]))
    if key is None:
        return [say("chosen_by_other", reason=str(row["reason"]))]
    why = say(key, strength=_number(row["knee_strength"], 3), needed=_number(row["knee_needed"], 3))
    is_plain = row["chosen_by"] == "bend" and (row["half_stability"] or 0.0) >= PLAIN_STABILITY
    return [why, say("chosen_plainly")] if is_plain else [why]


def _plot(curve: Curve) -> Plot:
    ks, inertia = curve.ks, curve.inertia
    low_k, high_k, top = min(ks), max(ks), max(*inertia, 1e-12)

    def place(k: int, value: float) -> tuple[float, float]:
        x = _LEFT + (_WIDTH - _LEFT - _RIGHT) * (k - low_k) / max(1, high_k - low_k)
        return x, _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / top)

    chosen = int(curve.chosen["k"])
    x, y = place(chosen, inertia[ks.index(chosen)])
    return Plot(
        label=f"k {low_k} - {high_k}; k = {chosen}",
        text=f"k = {chosen}",
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, ks, inertia)),
        x=f"{x:.1f}",
        y=f"{y:.1f}",
        text_x=f"{x + 8:.1f}",
        text_y=f"{y - 8:.1f}",
        ks=(low_k, high_k),
    )


def _method(row: Row) -> Method:
    status, variant = str(row["status"]), str(row["variant"])
    return Method(
        of="pictures_word" if row["modality"] == "image" else "captions_word",
        variant=NAMES.get(variant, variant),
        kind=f"experiment_{row['experiment']}",
        is_used=bool(row["is_used"]),
        status=say(_NOT_RUN[status]) if status in _NOT_RUN else status,
        cells=_cells(row) if status == "run" else (),
    )


def _cells(row: Row) -> tuple[str, ...]:
    return (
        f"{int(row['n_clusters']):,}",
        percent(float(row["noise_share"] or 0.0)),
        _index(row["stability"]),
        _index(row["cross_agreement"]),
        _index(row["background_agreement"]),
    )


def _index(value: object) -> str:
    return "–" if value is None else index(float(str(value)))


def _number(value: object, digits: int) -> str:
    return "–" if value is None else f"{float(str(value)):.{digits}f}"
