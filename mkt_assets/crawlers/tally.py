"""What was found in one file of a drop, while it is read and when it was.

Not here: the drop as a whole (crawlers/drop).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from mkt_assets.crawlers.base import Reject
from mkt_assets.crawlers.guessed import GuessedTable

_MOST_LEFT = 20


@dataclass(frozen=True)
class SourceFile:
    """A table of the drop: its crawler, what it is about, its rows, and what was odd about its file.

    A workbook or database is listed once for each thing its tables are about. Of posts, `n_rejected` of the
    rows were not used. Where the columns were guessed, `columns` are pairs of a field and the column taken as it,
    and `left` some of those that were taken as nothing.
    """

    name: str
    crawler: str
    kind: str
    n_rows: int
    n_rejected: int = 0
    note: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    left: tuple[str, ...] = ()


@dataclass
class FileTally:
    """What was seen in one file, until it is known whether it is a table of posts."""

    kinds: dict[str, str] = field(default_factory=dict[str, str])
    n_of_kind: Counter[str] = field(default_factory=Counter[str])
    n_rows: int = 0
    n_post_rows: int = 0
    n_bad_rows: int = 0
    bad_rows: list[Reject] = field(default_factory=list[Reject])
    refusal: Reject | None = None
    guessed: GuessedTable | None = None
    columns: dict[str, str] = field(default_factory=dict[str, str])
    left: dict[str, None] = field(default_factory=dict[str, None])

    def note_guess(self, table: GuessedTable, columns: frozenset[str]) -> None:
        """Remember what was taken as what, and which columns, not those inside others, were not."""
        self.guessed = table
        for what, (first, *_) in table.guess.columns.items():
            self.columns.setdefault(what, first)
        taken = {column.partition(".")[0] for found in table.guess.columns.values() for column in found}
        left = sorted(column for column in columns - taken if "." not in column)
        self.left |= dict.fromkeys(left[: _MOST_LEFT - len(self.left)])


def tables_of(name: str, tally: FileTally, note: str | None) -> list[SourceFile]:
    """What a file holds; rows of which that is not known are counted with the posts, or else the first."""
    if not tally.kinds:
        return [SourceFile(name, "", "empty", tally.n_rows, note=note)]
    first, *others = sorted(tally.kinds, key=lambda kind: (kind != "posts", kind))
    n_first = tally.n_rows - sum(tally.n_of_kind[kind] for kind in others)
    n_rejected = tally.n_bad_rows if first == "posts" else 0
    return [
        SourceFile(
            name,
            tally.kinds[first],
            first,
            n_first,
            n_rejected,
            note,
            tuple(tally.columns.items()),
            tuple(tally.left),
        ),
        *(SourceFile(name, tally.kinds[kind], kind, tally.n_of_kind[kind], note=note) for kind in others),
    ]
