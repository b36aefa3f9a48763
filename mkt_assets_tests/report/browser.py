"""A headless Chromium, driven by its DevTools protocol, as far as tests of pages need it."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """Path of a Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


PROGRAM = find_chromium()
WITH_CHROMIUM = pytest.mark.skipif(
    PROGRAM is None, reason="no chromium on this machine: pages are not opened"
)


class Tab:
    """A page that is open; what it requested and complained of is in `events`."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a command."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = json.loads(self._connection.recv(timeout=30))
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def value(self, expression: str) -> Any:
        """What an expression is in the page."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def open(self, url: str, width: int, height: int, language: str) -> None:
        """Open a page as a reader with this screen and language would, from scratch."""
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")
        phone = width < 600
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )
        self.ask("Emulation.setUserAgentOverride", userAgent="test", acceptLanguage=language)
        self.ask("Page.navigate", url=url)
        deadline = time.monotonic() + 30
        while self.value("document.readyState") != "complete":
            assert time.monotonic() < deadline, "the page does not finish loading"
            time.sleep(0.02)
        self.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def press(self, key: str) -> None:
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key)

    def complaints(self) -> list[str]:
        """Errors and warnings of the console, and exceptions."""
        self.value("1")
        found: list[str] = []
        for event in self.events:
            name, params = event.get("method"), event.get("params", {})
            if name == "Runtime.exceptionThrown":
                found.append(str(params["exceptionDetails"]))
            elif name == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
                found.append(str(params["args"]))
            elif name == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(str(params["entry"]))
        return found

    def requests(self) -> list[str]:
        """Addresses that were requested, but those that carry their own data."""
        urls = [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]
        return [url for url in urls if not url.startswith(("data:", "blob:"))]


@contextmanager
def chromium(program: str, profile: Path) -> Generator[str]:
    """A running browser; gives the address of its DevTools."""
    process = subprocess.Popen(
        [
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        ready, deadline = profile / "DevToolsActivePort", time.monotonic() + 60
        while not ready.exists() or not ready.read_text().strip():
            assert time.monotonic() < deadline, "the browser does not start"
            assert process.poll() is None, "the browser ended"
            time.sleep(0.05)
        devtools = f"http://127.0.0.1:{ready.read_text().split()[0]}"
        yield devtools
        # asked to, it takes its folder in the temporary one along; ended by a signal it leaves it there
        with connect(address_of_browser(devtools)) as connection:
            Tab(connection).ask("Browser.close")
        process.wait(timeout=30)
    finally:
        process.terminate()
        process.wait(timeout=30)


def address_of_browser(devtools: str) -> str:
    """Where the browser itself takes commands, not one of its pages."""
    with urlopen(f"{devtools}/json/version") as answer:
        return json.load(answer)["webSocketDebuggerUrl"]


@contextmanager
def fresh_page(devtools: str) -> Generator[str]:
    """A page that knows nothing of what others of the browser have stored; gives its address."""
    of_browser = address_of_browser(devtools)
    with connect(of_browser) as connection:
        browser = Tab(connection)
        context = browser.ask("Target.createBrowserContext")
        target = browser.ask("Target.createTarget", url="about:blank", **context)["targetId"]
        yield f"{of_browser.partition('/devtools/')[0]}/devtools/page/{target}"
        browser.ask("Target.disposeBrowserContext", **context)


@pytest.fixture(scope="session")
def devtools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A browser for all tests: it takes longer to begin than a page to open."""
    assert PROGRAM is not None
    with chromium(PROGRAM, Path(tmp_path_factory.mktemp("profile"))) as address:
        yield address


@pytest.fixture(scope="module")
def address_of_page(devtools: str) -> Iterator[str]:
    with fresh_page(devtools) as address:
        yield address


@pytest.fixture
def page(address_of_page: str) -> Iterator[Tab]:
    """A page that the tests of a file share; what it requested and complained of is the test's own."""
    with connect(address_of_page, max_size=None) as connection:
        yield Tab(connection)
