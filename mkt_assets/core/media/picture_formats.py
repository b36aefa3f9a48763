"""Formats of pictures, by their first bytes: file extensions lie.

Not here: decoding them (core/media/pictures).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_STARTS: Mapping[bytes, str] = MappingProxyType(
    {
        b"\xff\xd8\xff": "JPEG",
        b"\x89PNG\r\n\x1a\n": "PNG",
        b"GIF87a": "GIF",
        b"GIF89a": "GIF",
        b"BM": "BMP",
        b"II*\x00": "TIFF",
        b"MM\x00*": "TIFF",
    }
)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})
HEAD_BYTES_OF_BRANDS = 512  # a hundred brands: files have ten at most
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<script", b"<svg", b"<error")


def sniff_format(data: bytes) -> str | None:
    r"""Pillow's name of the format that the first bytes say, or None: file extensions lie.

    Examples:
        >>> from mkt_assets.core.media.picture_formats import sniff_format
        >>> sniff_format(b"\xff\xd8\xff\xe0" + bytes(20)), sniff_format(b"<html>")
        ('JPEG', None)
    """
    for start, name in _STARTS.items():
        if data.startswith(start):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return picture_of_brands(data)


def picture_of_brands(head: bytes) -> str | None:
    r"""Pillow's name of the format that the brands of an ISO media file say; None of a video, and of other files.

    Examples:
        >>> from mkt_assets.core.media.picture_formats import picture_of_brands
        >>> picture_of_brands(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
        'HEIF'
        >>> picture_of_brands(b"\0\0\0\x18ftypisom\0\0\0\0isommp42") is None
        True
    """
    if head[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(head[:4], "big"), HEAD_BYTES_OF_BRANDS)
    # the first is the main brand; after its version come those that the file fits as well
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, end, 4))}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else None


def what_instead(data: bytes) -> str:
    """What a file of no known format is, for the rejects table.

    Examples:
        >>> from mkt_assets.core.media.picture_formats import what_instead
        >>> what_instead(b"<html>"), what_instead(b'{"code": 404}')
        ('HTML or XML instead of a picture', 'JSON instead of a picture')
    """
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n\x00").lower()
    if start.startswith(_MARKUP):
        return "HTML or XML instead of a picture"
    if start.startswith((b"{", b"[")):
        return "JSON instead of a picture"
    if not start:
        return "the file holds nothing but blanks or zeros"
    if data[4:8] == b"ftyp":
        return "a video instead of a picture"
    return "not a picture in a known format (JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC)"
