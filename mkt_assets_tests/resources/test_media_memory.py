"""Where media lie is remembered, and believed only where it is sure."""

from __future__ import annotations

import os
import stat
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from mkt_assets.crawlers.media import MediaFile, attach_media, sort_media
from mkt_assets.crawlers.redact import Redactor
from mkt_assets.crawlers.walk import walk_drop
from mkt_assets.resources.media_memory import MediaMemory
from mkt_assets.stored.media import media_of_posts

DAY = date(2024, 6, 13)
NOTE = "666a5b3c000000001c020002"
POSTS = [{"post_id": NOTE, "poster_id": "H-alice-w", "media_paths": [f"H-alice-w/{NOTE}/1.jpg"]}]


def hashed(account: str) -> str:
    return f"H-{account}"


@pytest.fixture
def file(tmp_path: Path) -> MediaFile:
    """A picture of a post, below the folder of its account."""
    place = PurePosixPath(f"alice-w/{NOTE}/1.jpg")
    path = tmp_path / "drops" / str(DAY) / place
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xd8\xff a picture")
    return MediaFile(path, place, POSTS[0]["media_paths"][0], NOTE, "image_1", False)


@pytest.fixture
def memory(tmp_path: Path, file: MediaFile) -> MediaMemory:
    """A memory of that picture."""
    made = MediaMemory(tmp_path / "home")
    made.remember(DAY, [file])
    return made


def recalled(memory: MediaMemory, tmp_path: Path, posts: list[dict[str, Any]] = POSTS) -> Any:
    return memory.recall(DAY, tmp_path / "drops" / str(DAY), posts)


def test_what_was_found_is_recalled_as_it_was(memory: MediaMemory, tmp_path: Path, file: MediaFile) -> None:
    assert recalled(memory, tmp_path) == (file,)
    assert recalled(memory, tmp_path, []) == ()


def test_only_this_user_may_look_into_it(memory: MediaMemory) -> None:
    assert stat.S_IMODE(memory.folder.stat().st_mode) == 0o700


def test_a_name_that_is_not_utf_8_is_recalled_too(tmp_path: Path, file: MediaFile) -> None:
    strange = file.path.with_name(os.fsdecode(b"\xff\xfe.jpg"))
    file.path.rename(strange)
    moved = MediaFile(strange, file.place.with_name(strange.name), file.name, NOTE, "image_1", False)
    memory = MediaMemory(tmp_path / "home")
    memory.remember(DAY, [moved])
    assert recalled(memory, tmp_path) == (moved,)


def test_it_is_not_sure_of_a_file_that_changed_went_or_became_a_link(
    memory: MediaMemory, tmp_path: Path, file: MediaFile
) -> None:
    file.path.write_bytes(b"\xff\xd8\xff another picture")
    assert recalled(memory, tmp_path) is None
    memory.remember(DAY, [file])
    kept = file.path.rename(tmp_path / "elsewhere.jpg")
    assert recalled(memory, tmp_path) is None
    file.path.symlink_to(kept)
    assert recalled(memory, tmp_path) is None


@pytest.mark.parametrize("names", [[], ["H-alice-w/other.jpg"], [*POSTS[0]["media_paths"], "more.jpg"]])
def test_it_is_not_sure_of_a_post_that_has_other_media_by_now(
    memory: MediaMemory, tmp_path: Path, names: list[str]
) -> None:
    assert recalled(memory, tmp_path, [{**POSTS[0], "media_paths": names}]) is None


@pytest.mark.parametrize("content", [b"", b"[{}]", b"[1]", b'{"half', b"null"])
def test_damaged_it_knows_nothing(memory: MediaMemory, tmp_path: Path, content: bytes) -> None:
    (memory.folder / f"{DAY}.json").write_bytes(content)
    assert recalled(memory, tmp_path) is None


def test_without_it_the_drop_is_walked_and_the_same_files_are_found(
    memory: MediaMemory, tmp_path: Path
) -> None:
    drop = tmp_path / "drops" / str(DAY)
    rows = {NOTE: {"title": None, "published_at": None, "kind": None, "poster_id": "H-alice-w"}}
    redactor = Redactor(hashed, frozenset({"alice-w"}), frozenset(rows))
    found = attach_media(sort_media(walk_drop(drop).files, hashed)[0], rows, hashed, redactor).files
    memory.remember(DAY, found)

    def asked() -> tuple[MediaFile, ...]:
        return media_of_posts(
            DAY, POSTS, drop_dir=tmp_path / "drops" / DAY.isoformat(), memory=memory, hash_poster=hashed
        )

    by_memory = asked()
    memory.forget_all()
    assert recalled(memory, tmp_path) is None
    assert asked() == by_memory == found != ()
