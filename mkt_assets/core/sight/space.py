"""Whether pictures and words are in one space, so that they can be compared; and if not, what to set.

Not here: which models have one space for both (models/registry).
"""

from __future__ import annotations


def why_apart(pictures: str | None, words: str | None) -> str | None:
    """Why vectors of these encoders cannot be compared, in a sentence; None if they can.

    Args:
        pictures: encoder of pictures with its version; None: there are none.
        words: of words, likewise.

    Examples:
        >>> from mkt_assets.core.sight.space import why_apart
        >>> why_apart("imagebind 3f2a", "imagebind 3f2a") is None
        True
        >>> why_apart("efficientnet-lite0 1", "imagebind 3f2a")[:70]
        'pictures (efficientnet-lite0 1) and words (imagebind 3f2a) are in two '
    """
    if pictures is None:
        return "there is no picture with a vector, so nothing is compared with words."
    if words is None:
        return "there is no text with a vector, so nothing is compared with pictures."
    if pictures == words:
        return None
    return (
        f"pictures ({pictures}) and words ({words}) are in two spaces and cannot be compared: set MKT_IMAGE_ENCODER "
        "and MKT_TEXT_ENCODER to one model that has a space for both, as `mkt models list` names them, and run again."
    )
