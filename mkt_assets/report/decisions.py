"""How many clusters and why, and whether another method would have been better."""

from __future__ import annotations

from mkt_assets.core.experiments.verdicts import NAMES
from mkt_assets.core.rounding import index, percent
from mkt_assets.report.facts import Curve, Facts, Row
from mkt_assets.report.findings import PLAIN_STABILITY
from mkt_assets.report.gallery import section
from mkt_assets.report.markup import plain, written
from mkt_assets.report.text import Text, counted, joined, say

_WIDTH, _HEIGHT = 420.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 14.0, 14.0, 18.0, 34.0
_NOUNS = {"image": "style", "text": "topic"}
_NOT_RUN = {"not run: weights absent": "not_run_weights"}


def decision_section(facts: Facts) -> str:
    """The elbow curves, what was chosen, and the reason."""
    return section("decision", "".join(_curve(curve) for curve in facts.curves), "curves")


def _curve(curve: Curve) -> str:
    row = curve.chosen
    numbers = say(
        "k_numbers",
        silhouette=_index(row["silhouette"]),
        stability=_index(row["stability"]),
        halves=_index(row["half_stability"]),
    )
    chosen = counted(int(row["k"]), _NOUNS[curve.modality])
    why = " ".join(written(sentence) for sentence in _why(curve))
    return (
        f"<figure><figcaption><h3>{written(chosen)}</h3><p>{why}</p>"
        f'<p class="quiet">{written(numbers)}</p></figcaption>{_drawn(curve)}</figure>'
    )


def _why(curve: Curve) -> list[Text]:
    row = curve.chosen
    if row["chosen_by"] in ("pin", "only"):
        return [say(f"chosen_by_{row['chosen_by']}")]
    key = {"knee": "chosen_by_elbow", "bend": "chosen_by_bend"}.get(str(row["chosen_by"]))
    if key is None:
        return [say("chosen_by_other", reason=str(row["reason"]))]
    why = say(key, strength=_number(row["knee_strength"], 3), needed=_number(row["knee_needed"], 3))
    is_plain = row["chosen_by"] == "bend" and (row["half_stability"] or 0.0) >= PLAIN_STABILITY
    return [why, say("chosen_plainly")] if is_plain else [why]


def _drawn(curve: Curve) -> str:
    ks, inertia = curve.ks, curve.inertia
    low_k, high_k, top = min(ks), max(ks), max(*inertia, 1e-12)

    def at(k: int, value: float) -> tuple[float, float]:
        x = _LEFT + (_WIDTH - _LEFT - _RIGHT) * (k - low_k) / max(1, high_k - low_k)
        return x, _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / top)

    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(at, ks, inertia))
    chosen = int(curve.chosen["k"])
    x, y = at(chosen, inertia[ks.index(chosen)])
    floor = _HEIGHT - _BOTTOM
    label = f"k {low_k} - {high_k}; k = {chosen}"
    return (
        f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" aria-label="{label}" class="elbow">'
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{floor}" y2="{floor}"/>'
        f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{y:.1f}" y2="{floor}"/>'
        f'<polyline points="{points}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
        f'<text x="{x + 8:.1f}" y="{y - 8:.1f}">k = {chosen}</text>'
        f'<text x="{_LEFT}" y="{floor + 16}">{low_k}</text>'
        f'<text x="{_WIDTH - _RIGHT}" y="{floor + 16}" text-anchor="end">{high_k}</text></svg>'
        f'<p class="ends"><span>{written(say("inertia_axis"))} ↑</span><span>{written(say("k_axis"))} →</span></p>'
    )


def methods_section(facts: Facts) -> str:
    """What other methods, no matting and other encoders would have given, in numbers and in words."""
    heading = (
        f'<section id="methods" aria-labelledby="methods-h"><h2 id="methods-h">{written(say("methods"))}</h2>'
    )
    if not facts.methods:
        return f"{heading}<p>{written(say('no_methods'))}</p></section>\n"
    sampled: list[Text] = []
    for modality, noun in (("image", "picture"), ("text", "caption")):
        sizes = [int(r["n_items"]) for r in facts.methods if r["modality"] == modality and r["n_items"]]
        if sizes:
            sampled.append(counted(max(sizes), noun))
    names = ("of", "method", "clusters_word", "noise", "stability", "cross_agreement", "background")
    head = "".join(f'<th scope="col">{written(say(name))}</th>' for name in names)
    rows = "".join(_method(row) for row in facts.methods)
    verdicts = "".join(f"<li>{plain(str(row['verdict']))}</li>" for row in facts.methods if row["verdict"])
    sample = joined(sampled, " + ")
    return (
        f'{heading}<p class="lead">{written(say("methods_lead", n=sample))}</p>'
        f'<ul class="verdicts" lang="en">{verdicts}</ul>'
        f'<div class="wide" tabindex="0" role="group" aria-labelledby="methods-h"><table class="plain"><thead>'
        f"<tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></section>\n"
    )


def _method(row: Row) -> str:
    of = say("pictures_word" if row["modality"] == "image" else "captions_word")
    kind = say(f"experiment_{row['experiment']}")
    variant = NAMES.get(str(row["variant"]), str(row["variant"]))
    used = f' <em class="used">{written(say("used"))}</em>' if row["is_used"] else ""
    name = f"{plain(variant)} <small>{written(kind)}</small>{used}"
    if row["status"] != "run":
        status = str(row["status"])
        said: Text = say(_NOT_RUN[status]) if status in _NOT_RUN else status
        start = f'<tr class="quiet"><td>{written(of)}</td><th scope="row">{name}</th>'
        return f'{start}<td colspan="5">{written(said)}</td></tr>'
    cells = [
        f"{int(row['n_clusters']):,}",
        percent(float(row["noise_share"] or 0.0)),
        _index(row["stability"]),
        _index(row["cross_agreement"]),
        _index(row["background_agreement"]),
    ]
    return (
        f'<tr><td>{written(of)}</td><th scope="row">{name}</th>'
        f"{''.join(f'<td>{plain(cell)}</td>' for cell in cells)}</tr>"
    )


def _index(value: object) -> str:
    return "–" if value is None else index(float(str(value)))


def _number(value: object, digits: int) -> str:
    return "–" if value is None else f"{float(str(value)):.{digits}f}"
