"""The README is true: its shell and Python examples run, in order, on an empty machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from mkt_assets.settings import PREFIX, PROJECT_DIR, Settings
from mkt_assets_tests.shell import run_script

README = (PROJECT_DIR / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def environment(home: Path) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX) and k != "DAGSTER_HOME"}
    return {
        **clean,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}",
        "MKT_HOME": str(home / "data" / "home"),
        "MKT_DROPS": str(home / "data" / "drops"),
        "OMP_NUM_THREADS": "1",
        "MKT_COMPARISON_PICTURES": "0",
        "MKT_COMPARISON_TEXTS": "0",
    }


@pytest.mark.slow
def test_every_example_of_the_readme_runs(tmp_path: Path) -> None:
    tmp_path /= "我的 项目"  # as folders of people are called
    tmp_path.mkdir()
    # `dg` looks for the project around it
    for name in ("pyproject.toml", "mkt_assets"):
        (tmp_path / name).symlink_to(PROJECT_DIR / name)
    examples = "\n".join(blocks("sh"))
    # fewer posts are enough for the commands; what becomes of a crawl, test_planted_truth tells
    smaller = {"--posts 40 ": "--posts 16 ", "MKT_IMAGE_K=10 ": "MKT_COMPARISON_PICTURES=12 MKT_IMAGE_K=10 "}
    for as_written, as_run in smaller.items():
        assert as_written in examples
        examples = examples.replace(as_written, as_run)
    script = "set -euo pipefail\n" + examples
    done = run_script(script, tmp_path, environment(tmp_path))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    example = "\n".join(blocks("python"))
    shown = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert "style" in shown.stdout
    assert not re.search(r"\b0 rows", shown.stdout)
    snapshot = tmp_path / "data" / "home" / "mkt.snapshot.duckdb"
    with duckdb.connect(str(snapshot), read_only=True) as reader:
        for query in blocks("sql"):
            reader.execute(query)
    header = (tmp_path / "ratios.csv").read_text("utf-8").splitlines()[0]
    assert header == "nums_category_img,num_category_text,ratio"


@pytest.mark.parametrize(
    ("asked", "home"),
    [(["demo"], "data/demo"), (["ui", "HOME_DIR=data/demo"], "data/demo"), (["ui", "HOME_DIR=a b"], "a b")],
)
def test_make_works_in_folders_with_spaces_and_chinese_in_their_names(
    tmp_path: Path, asked: list[str], home: str
) -> None:
    folder = tmp_path / "我的 项目"
    mkt = folder / ".venv/bin/mkt"
    mkt.parent.mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "torch-cpu.lock", "deploy"):
        (folder / name).symlink_to(PROJECT_DIR / name)
    (folder / ".venv/.installed").touch()
    mkt.write_text('#!/bin/sh\nprintf "%s\\n" "$1" "$MKT_HOME" "$MKT_DROPS" >> said\n', "utf-8")
    mkt.chmod(0o755)
    done = subprocess.run(
        ["make", *asked], check=False, cwd=folder, env=environment(folder), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    *_, command, its_home, its_drops = (folder / "said").read_text("utf-8").splitlines()
    assert command == {"demo": "run"}.get(asked[0], asked[0])
    assert (folder / its_home, folder / its_drops) == (folder / home, folder / home / "drops")


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (PROJECT_DIR / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert targets >= {"demo", "test", "ui"}
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in targets)


def test_every_setting_the_readme_names_exists() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert set(re.findall(r"\bMKT_[A-Z_]+\b", README)) <= known


def test_the_readmes_pictures_are_in_the_repository() -> None:
    paths = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert len(paths) == 3
    assert all((PROJECT_DIR / path).stat().st_size > 10_000 for path in paths)
