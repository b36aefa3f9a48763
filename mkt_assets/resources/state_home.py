"""Which state a home shares: a file in the home says so, and the state knows the key of accounts by its fingerprint.

A home that shares a state is refused without it, as who was forgotten there would come back here; and one with another
key, as one account would be another in each. The key is a secret that is in no database: it stays a file.

Not here: the state's tables (resources/state), moving what a home has into it (operations/move_state).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mkt_assets.resources.accounts import KEY_NAME, AccountHasher
from mkt_assets.resources.database import DatabaseSetupError
from mkt_assets.resources.files import write_durably
from mkt_assets.resources.state_facts import fact, n_forgettings, set_fact
from mkt_assets.resources.tombstones import FILE_NAME

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class of that name

MARK_NAME = "state.txt"
FINGERPRINT = "key-fingerprint"
_HEADER = "# Which state this home shares (`mkt move home` leaves it), and how many of its forgettings are done here.\n"


@dataclass(frozen=True)
class Mark:
    """A state's id and address, and how many of its forgettings are done in this home, too."""

    state_id: str
    url: str
    n_forgettings: int


def mark_of(home: Path) -> Mark | None:
    """What a home says of the state that it shares; None: it shares none.

    Raises:
        DatabaseSetupError: if that is damaged.
    """
    path = home / MARK_NAME
    if not path.exists():
        return None
    words = path.read_text("utf-8", "replace").removeprefix(_HEADER).split()
    if len(words) != 3 or not words[2].isdigit():
        raise DatabaseSetupError(f"{path} is damaged: remove it, and set MKT_STATE to what this home shared.")
    return Mark(words[0], words[1], int(words[2]))


def write_mark(home: Path, mark: Mark) -> None:
    """Say in a home which state it shares."""
    home.mkdir(parents=True, exist_ok=True)
    write_durably(home / MARK_NAME, f"{_HEADER}{mark.state_id} {mark.url} {mark.n_forgettings}\n".encode())


def leave(home: Path) -> None:
    """Let a home share nothing any more."""
    (home / MARK_NAME).unlink(missing_ok=True)


def refuse_alone(home: Path) -> None:
    """Refuse a home that shares a state to whoever does not.

    Raises:
        DatabaseSetupError: saying what to set.
    """
    if (mark := mark_of(home)) is not None:
        raise DatabaseSetupError(
            f"{home} shares its state in {mark.url}, where it is kept who was forgotten: set MKT_STATE to that, or "
            "leave it with `mkt move home`."
        )


def join(cursor: Cursor, home: Path, url: str, *, moved: bool = False) -> None:
    """Let a home share a state, and see that it may: called while nobody else does so.

    Args:
        cursor: in a transaction of the state.
        home: its key is made if neither it nor the state has one.
        url: of the state.
        moved: whether the state has what the home had.

    Raises:
        DatabaseSetupError: if it may not, saying what to do.
    """
    state_id, mark = fact(cursor, "id") or "", mark_of(home)
    if mark is not None and mark.state_id != state_id:
        raise DatabaseSetupError(
            f"{home} shares its state in {mark.url}, and {url} is another one: correct MKT_STATE, or leave the first "
            "with `mkt move home`."
        )
    if mark is None and not moved and (home / FILE_NAME).exists():
        raise DatabaseSetupError(
            f"who was forgotten in {home} would come back, as {url} does not know it: say `mkt move state` first."
        )
    agree_on_key(cursor, home, url)
    if mark is None or mark.url != url:
        # what lies in a home that is new here may show whom others forgot
        n_done = 0 if (home / "reports").exists() else n_forgettings(cursor)
        write_mark(home, Mark(state_id, url, n_done if mark is None else mark.n_forgettings))


def agree_on_key(cursor: Cursor, home: Path, url: str) -> None:
    """See that a home has the key of those that share a state; the first one's is theirs, and made if need be.

    Raises:
        DatabaseSetupError: if it has another one, or none.
    """
    key_path = home / KEY_NAME
    known = fact(cursor, FINGERPRINT)
    if known is None:
        set_fact(cursor, FINGERPRINT, AccountHasher(key_path).fingerprint)
    elif not key_path.exists():
        raise DatabaseSetupError(
            f"there is no {key_path}, and {url} is shared by homes with a key: copy it from one of them."
        )
    elif AccountHasher(key_path).fingerprint != known:
        raise DatabaseSetupError(
            f"{key_path} is another key than that of the homes that share {url}, and would make another account of "
            "each: copy it from one of them."
        )
