"""Files are whole or absent, stay inside their store, and what is in use stays: in a folder and in a bucket alike."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mkt_assets.resources.files import FilesAwayError, FilesSetupError, FileStore, LocalFiles
from mkt_assets.resources.opening import open_bucket, open_files
from mkt_assets.settings import Settings, SettingsError
from mkt_assets_tests.stores import Store

KINDS = ["folder", "bucket"]


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    if request.param == "folder":
        return LocalFiles(tmp_path / "store")
    return open_bucket(request.getfixturevalue("bucket"), patience_seconds=10)


def names(store: FileStore, folder: str = "") -> list[str]:
    return [file.name for file in store.files(folder)]


def test_a_file_is_replaced_read_listed_and_removed(store: FileStore) -> None:
    assert not store.exists("a/b.bin")
    assert store.write("a/b.bin", b"old") == store.location("a/b.bin")
    store.write("a/b.bin", b"newer")
    store.write("a-b.bin", b"x")
    assert store.exists("a/b.bin")
    assert store.read("a/b.bin") == b"newer"
    assert {(file.name, file.n_bytes) for file in store.files("a")} == {("a/b.bin", 5)}
    assert sorted(names(store)) == ["a-b.bin", "a/b.bin"]
    assert store.remove("a/b.bin")
    assert not store.remove("a/b.bin")
    assert names(store, "a") == []


def test_a_file_that_is_not_there_is_said_with_its_place(store: FileStore) -> None:
    with pytest.raises(FileNotFoundError) as error:
        store.read("a/none.bin")
    assert "none.bin" in str(error.value.filename)


def test_an_empty_file_counts_as_none_and_is_written_again(store: FileStore) -> None:
    store.write("empty", b"")
    assert not store.exists("empty")
    assert store.touch(["empty"]) == set()
    assert store.add("empty", b"whole")
    assert store.read("empty") == b"whole"


def test_what_is_named_by_its_content_is_written_once(store: FileStore) -> None:
    assert store.add("mattes/aa/1.webp", b"first")
    assert not store.add("mattes/aa/1.webp", b"second")
    assert store.read("mattes/aa/1.webp") == b"first"


def test_of_many_that_write_the_same_at_once_each_reader_sees_a_whole_file(store: FileStore) -> None:
    whole = {bytes([letter]) * 200_000 for letter in b"abc"}
    store.write("x", next(iter(whole)))
    stop, torn = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            if store.read("x") not in whole:
                torn.append(1)

    def write(data: bytes) -> None:
        for _ in range(15):
            store.write("x", data)

    reader = threading.Thread(target=read)
    reader.start()
    writers = [threading.Thread(target=write, args=(data,)) for data in whole]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    stop.set()
    reader.join()
    assert torn == []
    assert names(store) == ["x"]


@pytest.mark.parametrize("name", ["../out.bin", "/etc/passwd", "a/../../out.bin"])
def test_no_name_leads_out_of_the_store(store: FileStore, name: str) -> None:
    for use in (
        store.read,
        store.exists,
        store.remove,
        lambda n: store.write(n, b"x"),
        lambda n: store.touch([n]),
    ):
        with pytest.raises(ValueError, match="leads out"):
            use(name)


def at_the_next_second() -> float:
    """Wait for it: a bucket's times are whole seconds, and what was done before is to be older than what is next."""
    then = int(time.time()) + 1
    time.sleep(then + 0.01 - time.time())
    return float(then)


def test_what_was_touched_since_is_not_removed_and_of_what_is_gone_no_mark_is_left(store: FileStore) -> None:
    store.write("used", b"x")
    store.write("unused", b"x")
    since = at_the_next_second()
    assert store.touch(["used", "none"]) == {"used"}
    assert not store.remove("used", unless_used_since=since)
    assert store.remove("unused", unless_used_since=since)
    assert [(file.name, file.used_at >= since) for file in store.files()] == [("used", True)]
    assert store.remove("used")
    assert names(store) == names(store, ".used") == []


def test_what_a_run_takes_up_while_it_is_removed_is_there_afterwards(store: FileStore) -> None:
    """A run that is told "it is there" finds it there, whenever in between the remover comes."""
    names = [f"{number:02}" for number in range(40)]
    for name in names:
        store.write(name, b"x")
    since = at_the_next_second()
    told: set[str] = set()
    run = threading.Thread(target=lambda: [told.update(store.touch([name])) for name in names[:20:-1]])
    run.start()
    removed = {name for name in names if store.remove(name, unless_used_since=since)}
    run.join()
    assert removed.issuperset(names[:20])
    assert removed.isdisjoint(told)
    assert all(store.exists(name) for name in told)


def test_pruning_keeps_what_is_named(store: FileStore) -> None:
    for name in ("day/a.png", "day/b.png", "other/c.png"):
        store.write(name, b"x")
    store.prune("day", {"day/a.png"})
    assert sorted(names(store)) == ["day/a.png", "other/c.png"]


# what goes wrong with a bucket


@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_is_not_there_is_said_in_a_sentence() -> None:
    with pytest.raises(FilesSetupError, match="there is no bucket nowhere: make it, or correct"):
        names(open_bucket("s3://nowhere/x", patience_seconds=5))


def test_wrong_keys_are_said_in_a_sentence_without_them(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-wrong-secret")
    for use in (lambda s: s.read("x"), lambda s: s.write("x", b"x"), names):
        with pytest.raises(FilesSetupError, match="may not be used with these keys") as error:
            use(open_bucket(bucket, patience_seconds=5))
        assert "a-wrong-secret" not in str(error.value)
        assert "\n" not in str(error.value)


def test_a_server_that_is_away_is_said_in_a_sentence(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        begun = time.monotonic()
        with pytest.raises(FilesAwayError, match=f"does not answer at {address}") as error:
            open_bucket(bucket, patience_seconds=1).write("x", b"x")
    assert "\n" not in str(error.value)
    assert time.monotonic() - begun < 20


class Cutting:
    """A server in front of another, which cuts the first connections after some bytes of what is sent."""

    def __init__(self, behind: str, *, cuts: int, after: int) -> None:
        host, _, port = behind.removeprefix("http://").partition(":")
        self._behind, self._left, self._after = (host, int(port)), cuts, after
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.n_cut = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client = self._listening.accept()[0]
                server = socket.create_connection(self._behind)
                cut = self._left > 0
                self._left -= cut
                threading.Thread(target=self._pass, args=(client, server, cut), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, cut: bool) -> None:
        n_bytes = 0
        with suppress(OSError):
            while data := source.recv(4096):
                n_bytes += len(data)
                if cut and n_bytes > self._after:
                    self.n_cut += 1
                    break
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def cutting(store_server: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cutting]:
    made = Cutting(store_server.endpoint, cuts=2, after=300_000)
    monkeypatch.setenv("AWS_ENDPOINT_URL", made.address)
    yield made
    made.close()


def test_a_write_that_is_cut_off_is_done_again_and_nothing_half_is_seen(
    bucket: str, cutting: Cutting
) -> None:
    data = bytes(range(256)) * 4000
    through = open_bucket(bucket, patience_seconds=20)
    through.write("large", data)
    assert cutting.n_cut == 2
    assert through.read("large") == data


def test_a_write_that_is_cut_off_again_and_again_leaves_what_was_there(
    bucket: str, store_server: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = open_bucket(bucket, patience_seconds=10)
    direct.write("large", b"before")
    cutting = Cutting(store_server.endpoint, cuts=10_000, after=300_000)
    monkeypatch.setenv("AWS_ENDPOINT_URL", cutting.address)
    with pytest.raises(FilesAwayError, match="what was stored before is unharmed"):
        open_bucket(bucket, patience_seconds=1).write("large", bytes(1_000_000))
    cutting.close()
    assert direct.read("large") == b"before"


# which place the settings mean


def test_without_a_setting_what_is_made_is_in_the_home_and_with_one_below_it(tmp_path: Path) -> None:
    home = Settings.load(home=tmp_path)
    assert [open_files(home, made).location() for made in ("media", "charts", "reports")] == [
        str(tmp_path / made) for made in ("media", "charts", "reports")
    ]
    folder = Settings.load(home=tmp_path, media=tmp_path / "made")
    assert open_files(folder, "charts").location("2024-06-13/a.png") == str(
        tmp_path / "made/charts/2024-06-13/a.png"
    )
    bucket = Settings.load(home=tmp_path, media="s3://mkt/some/prefix/")
    assert open_files(bucket, "reports").location("x") == "s3://mkt/some/prefix/reports/x"


@pytest.mark.parametrize("value", ["gs://bucket", "s3://", "s3://key:secret@bucket", "s3://bucket?x=1"])
@pytest.mark.parametrize("name", ["media", "drops"])
def test_a_place_that_is_neither_folder_nor_bucket_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"MKT_{name.upper()} is") as error:
        Settings.load(**{name: value})
    assert "secret" not in str(error.value)


def test_a_bucket_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mkt_assets.resources.object_files", None)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(
        SettingsError, match=r"needs the package .*: install the extra, as mkt_assets\[cluster\]"
    ):
        open_files(Settings.load(media="s3://bucket/made"), "media")


def test_files_in_a_folder_need_no_package_of_a_bucket() -> None:
    code = (
        "import sys; from mkt_assets.resources.build import build_resources\n"
        "from mkt_assets.settings import Settings\n"
        "build_resources(Settings.load()); assert 'obstore' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
