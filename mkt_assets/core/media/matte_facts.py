"""What is known of a matte once it is made, apart from its pixels.

Not here: the pixels, and the verdict on them (core/media/matting).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self


@dataclass(frozen=True)
class MatteFacts:
    """Size of the original, the person's box in it (pixels, right and bottom exclusive), and the matte's file.

    `matte_path` and the box are None when nothing was found; `matte_source` is "model" or "input_alpha".
    """

    matte_path: str | None
    matte_source: str
    foreground_ratio: float
    width: int
    height: int
    bbox_left: int | None
    bbox_top: int | None
    bbox_right: int | None
    bbox_bottom: int | None

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        """The facts in a table row that has their columns, among others."""
        return cls(**{name: row[name] for name in cls.column_names()})

    @classmethod
    def column_names(cls) -> list[str]:
        """Names of the fields, in order."""
        return [field.name for field in fields(cls)]

    def as_row(self) -> dict[str, object]:
        """The facts as a table row."""
        return asdict(self)

    @property
    def bbox(self) -> tuple[int, int, int, int] | None:
        """(left, top, right, bottom), or None when nothing was found."""
        box = (self.bbox_left, self.bbox_top, self.bbox_right, self.bbox_bottom)
        if None in box:
            return None
        left, top, right, bottom = (int(edge or 0) for edge in box)
        return left, top, right, bottom
