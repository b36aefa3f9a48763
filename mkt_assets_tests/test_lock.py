"""What make setup installs is what pyproject.toml asks for, by hash, on every machine."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from mkt_assets.settings import PROJECT_DIR

LOCK = (PROJECT_DIR / "requirements.lock").read_text("utf-8")
CPU_LOCK = (PROJECT_DIR / "torch-cpu.lock").read_text("utf-8")
UNLOCKED = "official"  # gigabytes that no test needs


def entries(lock: str) -> Iterator[tuple[Requirement, list[str]]]:
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", lock, flags=re.MULTILINE))
    for line in joined.splitlines():
        requirement, *hashes = re.split(r"\s+--hash=", line)
        yield Requirement(requirement), hashes


def versions() -> dict[str, list[Version]]:
    found: dict[str, list[Version]] = {}
    for requirement, _ in entries(LOCK):
        (pin,) = requirement.specifier
        assert pin.operator == "=="
        found.setdefault(canonicalize_name(requirement.name), []).append(Version(pin.version))
    return found


def wanted() -> list[str]:
    project = tomllib.loads((PROJECT_DIR / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [each for name, each in project["optional-dependencies"].items() if name != UNLOCKED]
    return [*project["dependencies"], *(line for each in extras for line in each)]


@pytest.mark.parametrize("line", wanted())
def test_the_lock_holds_every_dependency_in_a_version_that_fits(line: str) -> None:
    requirement = Requirement(line)
    locked = versions().get(canonicalize_name(requirement.name), [])
    assert locked, f"{requirement.name} is not in requirements.lock: make lock"
    assert all(version in requirement.specifier for version in locked), f"{line} but {locked}: make lock"


def test_every_entry_is_told_by_hash() -> None:
    for requirement, hashes in [*entries(LOCK), *entries(CPU_LOCK)]:
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes), requirement


def test_the_lock_names_no_place_of_the_machine_that_made_it() -> None:
    for lock in (LOCK, CPU_LOCK):
        assert re.findall(r"https?:|file:|--find-links|index-url|@ |/opt|/tmp|/home", lock) == []


def test_pytorchs_cpu_build_is_of_the_locked_version() -> None:
    ((requirement, _),) = entries(CPU_LOCK)
    (pin,) = requirement.specifier
    assert [Version(Version(pin.version).public)] == versions()["torch"]


def test_the_lock_serves_linux_and_macos() -> None:
    # what is only for one system says so by a marker; everything else is for all
    only = {
        requirement.name: str(requirement.marker) for requirement, _ in entries(LOCK) if requirement.marker
    }
    assert all("linux" in only[name] for name in only if name.startswith("nvidia-"))
    assert not only.keys() & {"torch", "numpy", "duckdb", "dagster", "av", "uv"}
