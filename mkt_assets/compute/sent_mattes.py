"""Stored mattes on their way to a worker that cannot see the store: read here, opened there.

Not here: mattes that are opened where they are stored (stored/mattes).
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from mkt_assets.core.media.matte_facts import MatteFacts
from mkt_assets.stored.mattes import Colour, matte_of, over_colour


@dataclass(frozen=True)
class SentMatte:
    """The bytes of a stored matte, WebP, and the facts that say where in its picture it is."""

    webp: bytes
    facts: MatteFacts


def open_sent(matte: SentMatte, colour: Colour) -> Image.Image:
    """The matte as encoders see it, the same as `open_composite` gives."""
    return over_colour(matte_of(matte.webp), matte.facts, colour)
