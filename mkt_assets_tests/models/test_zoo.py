"""Checkpoints: fetched from where they are, going on after an interruption, refused when they are not what they say."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from mkt_assets.commands.cli import app
from mkt_assets.models import zoo
from mkt_assets.models.checkpoints import CheckpointError
from mkt_assets.models.provenance import WeightsError
from mkt_assets.models.registry import ModelOptions, describe, load_image_encoder
from mkt_assets.models.zoo import FetchError


class Server(BaseHTTPRequestHandler):
    """Serves one file, with ranges; cuts the first answer short when told to."""

    def __init__(self, data: bytes, cut_at: list[int], ranges: list[str | None], *arguments: object) -> None:
        self.data, self.cut_at, self.ranges = data, cut_at, ranges
        super().__init__(*arguments)  # pyright: ignore[reportArgumentType]

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        if start >= len(self.data):
            self.send_error(416)
            return
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(self.data) - start))
        self.end_headers()
        stop = self.cut_at.pop() if self.cut_at else len(self.data)
        self.wfile.write(self.data[start:stop])

    def log_message(self, format: str, *args: object) -> None:
        pass


class Host:
    def __init__(self, data: bytes) -> None:
        self.cut_at: list[int] = []
        self.ranges: list[str | None] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, data, self.cut_at, self.ranges))
        self.url = f"http://127.0.0.1:{self.server.server_port}/weights.pth"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "made.pth"
    torch.save({"a.weight": torch.arange(20_000, dtype=torch.float32)}, path)
    return path


@pytest.fixture
def host(weights: Path) -> Iterator[Host]:
    made = Host(weights.read_bytes())
    yield made
    made.server.shutdown()


def test_a_checkpoint_is_fetched_whole_with_progress(host: Host, weights: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = zoo.fetch("imagebind", tmp_path / "models", url=host.url, progress=lambda *step: seen.append(step))
    assert path.read_bytes() == weights.read_bytes()
    assert path.name == "imagebind_huge.pth"
    size = weights.stat().st_size
    assert seen[-1] == (size, size)
    assert list(path.parent.glob("*.part")) == []


def test_an_interrupted_download_goes_on_where_it_stopped(host: Host, weights: Path, tmp_path: Path) -> None:
    host.cut_at.append(30_000)
    with pytest.raises(FetchError, match="run the same command again"):
        zoo.fetch("imagebind", tmp_path / "models", url=host.url)
    path = zoo.fetch("imagebind", tmp_path / "models", url=host.url)
    assert path.read_bytes() == weights.read_bytes()
    assert host.ranges == [None, "bytes=30000-"]


def test_what_is_not_the_published_file_is_refused(host: Host, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="its authors say 0676ba61"):
        zoo.fetch("resnet-50", tmp_path / "models", url=host.url)
    assert not zoo.path_of("resnet-50", tmp_path / "models").exists()


def test_a_web_page_instead_of_weights_is_refused(tmp_path: Path) -> None:
    page = Host(b"<html>please confirm the download</html>")
    with pytest.raises(CheckpointError, match="web page"):
        zoo.fetch("imagebind", tmp_path / "models", url=page.url)
    page.server.shutdown()


def test_a_host_that_does_not_answer_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="--from FILE"):
        zoo.fetch("imagebind", tmp_path, url="http://127.0.0.1:9/weights.pth")


def test_a_model_without_a_direct_address_says_where_a_person_finds_it(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="SemanticGuidedHumanMatting"):
        zoo.fetch("sghm", tmp_path)


def test_only_encrypted_addresses_are_fetched_from(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="not an https address"):
        zoo.fetch("imagebind", tmp_path, url="http://example.org/weights.pth")


def test_a_file_from_elsewhere_is_checked_and_copied(weights: Path, tmp_path: Path) -> None:
    path = zoo.install("imagebind", tmp_path / "models", weights)
    assert path.read_bytes() == weights.read_bytes()
    (tmp_path / "cut.pth").write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(CheckpointError, match="cut off"):
        zoo.install("imagebind", tmp_path / "models", tmp_path / "cut.pth")
    assert path.read_bytes() == weights.read_bytes()


def test_a_missing_checkpoint_says_what_where_from_which_licence_and_how(tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as error:
        load_image_encoder("imagebind", ModelOptions(tmp_path))
    for part in (
        "imagebind_huge.pth",
        "CC-BY-NC-SA-4.0",
        "github.com",
        "mkt models fetch imagebind",
        "MKT_MODELS",
    ):
        assert part in str(error.value)


def test_another_file_or_precision_is_another_version(weights: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    absent = describe("image_encoder", "imagebind", ModelOptions(models)).version
    zoo.install("imagebind", models, weights)
    here = describe("image_encoder", "imagebind", ModelOptions(models)).version
    int8 = describe("image_encoder", "imagebind", ModelOptions(models, "int8")).version
    torch.save({"a.weight": torch.ones(3)}, weights)
    zoo.install("imagebind", models, weights)
    other = describe("image_encoder", "imagebind", ModelOptions(models)).version
    assert len({absent, here, int8, other}) == 4


def test_the_command_asks_for_the_licence_first(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MKT_MODELS", str(tmp_path / "models"))
    run = CliRunner()
    refused = run.invoke(app, ["models", "fetch", "imagebind", "--from", str(weights)])
    assert (refused.exit_code, "--accept-licence" in refused.output) == (2, True)
    assert "non-commercial" in refused.output
    assert not (tmp_path / "models").exists()
    taken = run.invoke(app, ["models", "fetch", "imagebind", "--from", str(weights), "--accept-licence"])
    assert taken.exit_code == 0, taken.output
    listed = run.invoke(app, ["models", "list"]).output
    assert [line.split(";")[0].endswith("here") for line in listed.splitlines() if " imagebind " in line] == [
        True
    ] * 2
    assert sum(line.startswith("*") for line in listed.splitlines()) == 3


def test_the_active_models_can_be_tried_out() -> None:
    result = CliRunner().invoke(app, ["models", "check"])
    assert result.exit_code == 0, result.output
    assert "1280 components, norms 1.0000 to 1.0000" in result.output
    assert "512 components" in result.output
    assert "alpha from" in result.output


def test_an_unknown_model_to_try_out_is_a_sentence() -> None:
    result = CliRunner().invoke(app, ["models", "check", "clip"])
    assert (result.exit_code, "mkt models list" in result.output) == (2, True)
