"""A coverage-guided fuzz (atheris, libFuzzer) of everything that reads a drop's files. Run by test_fuzz.

    python -m mkt_assets_tests.soak.fuzz CORPUS_DIR [libFuzzer options]

An input is a file of a drop: its first byte chooses the name, the rest is the content. Ends with an error on the
first input that is not wholly accounted for; libFuzzer writes it beside.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import atheris  # pyright: ignore[reportMissingImports]

with atheris.instrument_imports(include=["mkt_assets.crawlers", "mkt_assets.core.media.pictures"]):  # pyright: ignore
    from mkt_assets.core.media.pictures import PictureError, PictureLimits, decode_picture
    from mkt_assets.crawlers.drop import ingest_drop
    from mkt_assets.crawlers.reading import UNFORESEEN
    from mkt_assets.resources.accounts import creator_hash

from mkt_assets_tests.hostile.guards import CRAWL, LOW, assert_stored_texts_are_clean

NAMES = (
    "01_post_data.csv",
    "search_contents.jsonl",
    "a.json",
    "info.json",
    "a.xlsx",
    "a.db",
    "a.jpg",
    "a.png",
)
_PICTURES = (".jpg", ".png")
_LIMITS = PictureLimits(max_bytes=1 << 20, max_pixels=1_000_000)
_DROP = Path(tempfile.mkdtemp(prefix="fuzz-")) / CRAWL.isoformat()


def read_one(data: bytes) -> None:
    """Read the input as a file of a drop, and check what must hold of every drop."""
    if not data:
        return
    name, content = NAMES[data[0] % len(NAMES)], data[1:]
    if name.endswith(_PICTURES):
        try:
            decode_picture(content, limits=_LIMITS)
        except PictureError:
            return
    shutil.rmtree(_DROP, ignore_errors=True)
    _DROP.mkdir(parents=True)
    (_DROP / name).write_bytes(content)
    result = ingest_drop(_DROP, CRAWL, hash_poster=creator_hash, limits=LOW)
    assert result.n_rows == result.posts.num_rows + result.n_merged + result.n_rejected_rows
    assert not [
        reason for reason in result.rejects["reason"].to_pylist() if not reason or UNFORESEEN in reason
    ]
    assert_stored_texts_are_clean(result)


def main() -> None:
    """The command line."""
    atheris.Setup(sys.argv, read_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
