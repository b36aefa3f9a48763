"""The login in front of the UI: deploy/Caddyfile, in the real Caddy where it is installed."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CADDYFILE = Path(__file__).parents[2] / "deploy" / "Caddyfile"
# of PASSWORD, at the lowest cost there is
HASH = "$2b$04$EA2JPTn86quNxS9rK2MgPuHtEqOr0bcqNb5kskdPKAfy0rA670xQG"
PASSWORD = "pw1"
HOSTS = ("mkt.example.org", "look.mkt.example.org", "explore.mkt.example.org")
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket"}

pytestmark = pytest.mark.skipif(shutil.which("caddy") is None, reason="no caddy on this machine")


class Server(BaseHTTPRequestHandler):
    """Says which of the two servers answers."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(self.connection.getsockname()[1]).encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None: ...


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Door:
    """Caddy on the shipped recipe; only addresses, ports and TLS are the test's."""

    def __init__(self, everything: int, looking: int, exploring: int, servers: dict[int, int]) -> None:
        self.everything, self.looking, self.exploring, self.servers = everything, looking, exploring, servers

    def ask(
        self, port: int, path: str = "/", user: str | None = None, method: str = "GET", **headers: str
    ) -> tuple[int, str]:
        """Status and text of an answer; `Sec_Fetch_Site` and the like are headers."""
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if user is not None:
            sent["Authorization"] = "Basic " + b64encode(user.encode()).decode()
        connection.request(method, path, body="{}" if method == "POST" else None, headers=sent)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    servers = {port: ThreadingHTTPServer(("127.0.0.1", 0), Server) for port in (3000, 3001, 3030)}
    for server in servers.values():
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ports = {name: free_port() for name in HOSTS}
    text = CADDYFILE.read_text("utf-8")
    for name, port in ports.items():
        text = re.sub(rf"^{re.escape(name)} {{", f"http://127.0.0.1:{port} {{", text, flags=re.MULTILINE)
    for port, server in servers.items():
        text = text.replace(f"127.0.0.1:{port}\n", f"127.0.0.1:{server.server_address[1]}\n")
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text, "utf-8")
    environment = {"HOME": str(folder), "MKT_USER": "all", "MKT_LOOK_USER": "look"}
    environment |= {"MKT_PASSWORD_HASH": HASH, "MKT_LOOK_PASSWORD_HASH": HASH}
    caddy = str(shutil.which("caddy"))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [caddy, "run", "--config", "Caddyfile", "--adapter", "caddyfile"],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        for port in ports.values():
            wait_for(port, process, folder / "log")
        yield Door(
            ports["mkt.example.org"],
            ports["look.mkt.example.org"],
            ports["explore.mkt.example.org"],
            {port: int(server.server_address[1]) for port, server in servers.items()},
        )
    finally:
        process.terminate()
        process.wait(timeout=30)
        for server in servers.values():
            server.shutdown()
            server.server_close()


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, log.read_text("utf-8")
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(log.read_text("utf-8"))


def test_without_a_login_nothing_is_reached(door: Door) -> None:
    for port in (door.everything, door.looking, door.exploring):
        assert door.ask(port, "/")[0] == 401
        assert door.ask(port, "/graphql?query={version}")[0] == 401
        assert door.ask(port, "/graphql", method="POST")[0] == 401
        assert door.ask(port, "/graphql", **UPGRADE)[0] == 401


def test_a_wrong_password_opens_nothing(door: Door) -> None:
    assert door.ask(door.everything, "/", "all:wrong")[0] == 401


def test_each_login_opens_its_own_server_only(door: Door) -> None:
    everything, looking = f"all:{PASSWORD}", f"look:{PASSWORD}"
    assert door.ask(door.everything, "/graphql", everything, "POST") == (200, str(door.servers[3000]))
    assert door.ask(door.looking, "/graphql", looking, "POST") == (200, str(door.servers[3001]))
    assert door.ask(door.exploring, "/api/start", looking) == (200, str(door.servers[3030]))
    assert door.ask(door.everything, "/", looking)[0] == 401


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pages_of_other_sites_cannot_use_the_login_of_a_browser(door: Door, site: str) -> None:
    user = f"all:{PASSWORD}"
    assert door.ask(door.everything, "/graphql?query=mutation", user, Sec_Fetch_Site=site)[0] == 403
    assert door.ask(door.everything, "/graphql", user, "POST", Sec_Fetch_Site=site)[0] == 403
    assert door.ask(door.everything, "/graphql", user, Sec_Fetch_Site=site, **UPGRADE)[0] == 403
    assert door.ask(door.everything, "/graphql", user, "POST", Sec_Fetch_Site="same-origin")[0] == 200
    assert door.ask(door.everything, "/runs/1", user, Sec_Fetch_Site=site)[0] == 200, "a link from elsewhere"
