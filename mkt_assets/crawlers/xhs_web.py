"""Notes as the platform's own web API and page states have them, raw or kept by a browser extension (Zeeschuimer).

Not here: its nesting made columns (crawlers/nested).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mkt_assets.crawlers.base import Record
from mkt_assets.crawlers.guess import Guess, normal
from mkt_assets.crawlers.guessed import GuessedTable
from mkt_assets.crawlers.posts import POST_ADDRESS

_MARK = "interactinfo.likedcount"


def is_web_answer(columns: Guess) -> bool:
    """Whether these are columns that only this platform's answers have."""
    return any(normal(column) == _MARK for column in columns.columns.get("likes", ()))


class XhsWebTable(GuessedTable):
    """Columns note_id, interact_info.liked_count ..; noteId, interactInfo.likedCount ..; or those in a note_card."""

    crawler = "xhs_web"

    def record(self, values: Mapping[str, str]) -> Record:
        """A post; no answer has its address, which its id makes."""
        record = super().record(values)
        if record.post_url or not record.post_id:
            return record
        return replace(record, post_url=POST_ADDRESS.format(post_id=record.post_id))
