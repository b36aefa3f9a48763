"""Fuzzing every reader, guided by coverage, from files as crawlers write them."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

from mkt_assets_tests.crawler_files import WRITERS, random_posts
from mkt_assets_tests.exporter_files import EXPORTERS

SECONDS = 900
# as in fuzz.py, which cannot be imported where atheris is not installed
KINDS = {".csv": 0, ".jsonl": 1, ".ndjson": 1, ".json": 2, ".xlsx": 4, ".db": 5, ".jpg": 6, ".png": 7}


def write_seeds(corpus: Path, drops: Path) -> int:
    """A file of every known crawler, exporter and of two kinds of picture, each behind the byte that names it."""
    exporters = {name: writer for name, (writer, _, _) in EXPORTERS.items()}
    for number, (name, write) in enumerate((WRITERS | exporters).items()):
        write(drops / name, random_posts(number, 4))
    for name in ("a.jpg", "a.png"):
        Image.new("RGB", (24, 32), (200, 30, 60)).save(drops / name)
    files = [path for path in sorted(drops.rglob("*")) if path.suffix in KINDS]
    corpus.mkdir()
    for number, path in enumerate(files):
        (corpus / str(number)).write_bytes(bytes([KINDS[path.suffix]]) + path.read_bytes())
    return len(files)


@pytest.mark.soak
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed: pip install -e '.[fuzz]'")
def test_whatever_a_file_of_a_drop_holds_is_accounted_for(tmp_path: Path) -> None:
    assert write_seeds(tmp_path / "corpus", tmp_path / "drops") >= len(WRITERS)
    options = [f"-max_total_time={SECONDS}", "-max_len=65536", "-timeout=60", "-rss_limit_mb=3000"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mkt_assets_tests.soak.fuzz",
            *options,
            f"-artifact_prefix={tmp_path}/",
            "corpus",
        ],
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
    )
    print(done.stderr[-400:])
    assert done.returncode == 0, done.stderr[-4000:]
