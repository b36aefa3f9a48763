"""What a calibration is: a claim, a simulated world in which its truth is known, and how often it may be made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Case:
    """A simulated world, and what one crawl of it gives.

    Attributes:
        claim: The sentence that is tested, as the report makes it.
        world: What is simulated, in a line.
        wanted: Whether `measured` is to lie below or above `bound`.
        bound: The nominal rate or number.
        simulate: Of a seed: 1.0 or 0.0 if the claim was made or not, or how often it was made in that crawl. A
            function of a module, so that another process can run it.
        n_runs: Seeds of a full calibration.
    """

    claim: str
    world: str
    wanted: Literal["at most", "at least"]
    bound: float
    simulate: Callable[[int], float]
    n_runs: int


@dataclass(frozen=True)
class Measured:
    """The mean over the runs of a case, its Monte Carlo standard error, and whether it keeps the bound."""

    case: Case
    n_runs: int
    mean: float
    standard_error: float

    @property
    def kept(self) -> bool:
        """Whether the mean lies within the bound, give or take two standard errors."""
        slack = 2 * self.standard_error
        if self.case.wanted == "at most":
            return self.mean <= self.case.bound + slack
        return self.mean >= self.case.bound - slack


def measure(case: Case, *, n_runs: int | None = None, pool: Executor | None = None) -> Measured:
    """Run a case with the seeds 0, 1, ...; `n_runs` fewer than its own make the short form that a test runs."""
    seeds = range(case.n_runs if n_runs is None else n_runs)
    values: Iterable[float] = map(case.simulate, seeds) if pool is None else pool.map(case.simulate, seeds)
    found = np.fromiter(values, dtype=np.float64)
    # a rate of 0 or 1 in few runs is not known without error: Agresti and Coull's two pseudo-observations each way
    mean, n = float(found.mean()), len(found)
    if set(found.tolist()) <= {0.0, 1.0}:
        smoothed = (found.sum() + 2) / (n + 4)
        error = float(np.sqrt(smoothed * (1 - smoothed) / (n + 4)))
    else:
        error = float(found.std(ddof=1) / np.sqrt(n))
    return Measured(case, n, mean, error)


def table(rows: Iterable[Measured]) -> Iterator[str]:
    """The lines of a Markdown table, nominal against measured."""
    yield "| claim | simulated | nominal | measured | ± | runs | |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        case = row.case
        yield (
            f"| {case.claim} | {case.world} | {case.wanted} {case.bound:g} | {row.mean:.3f} | "
            f"{row.standard_error:.3f} | {row.n_runs} | {'kept' if row.kept else '**not kept**'} |"
        )


def activity(n_accounts: int, n_posts: int, *, exponent: float = 1.25) -> NDArray[np.int64]:
    """Posts of each account, (n_accounts,), at least 1, by Zipf's law: few accounts write most of the posts.

    With 21 accounts and the default exponent the largest one writes 36 % and all together count for 5.6 equally
    active ones (real crawls: 33 % and 5.4); exponent 0 is equal activity.
    """
    weights = np.arange(1, n_accounts + 1, dtype=np.float64) ** -exponent
    return np.maximum(np.round(weights / weights.sum() * n_posts), 1).astype(np.int64)
