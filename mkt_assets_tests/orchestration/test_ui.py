"""The Dagster UI, as `make ui` starts it, on a fresh home with drops: the dates it offers, and runs of them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from mkt_assets_tests.report.browser import PROGRAM, Tab
from mkt_sample import generate

PROJECT = Path(__file__).parents[2]
DATES = ["2024-06-13", "2024-06-14", "2024-06-15"]
DIALOG = "document.body.innerText.split('Launch runs to materialize')[1] || ''"
PLACE = """(() => {{
  const it = [...document.querySelectorAll('*')].filter((e) => (e.innerText || '').trim().startsWith({0})).pop();
  const box = it && it.getBoundingClientRect();
  return box ? [box.x + box.width / 2, box.y + box.height / 2] : null;
}})()"""
LAUNCH = """mutation($dates: [String!]) {
  launchPartitionBackfill(backfillParams: {assetSelection: [{path: ["raw_posts"]}], partitionNames: $dates}) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message }
  }
}"""
STATUS = """query($id: String!) {
  partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } }
}"""


def until(holds: Callable[[], Any], seconds: float = 180) -> Any:
    """What it gives, once it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.5)
    return found


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the UI of a home with three drops, of which nothing was made yet."""
    folder = tmp_path_factory.mktemp("ui")
    generate(folder / "drops", n_crawl_dates=3, n_posts=4, seed=1)
    # the sensor leaves the drops alone, so that what runs is what is asked for here
    own = {
        "MKT_HOME": str(folder / "home"),
        "MKT_DROPS": str(folder / "drops"),
        "MKT_DROP_QUIET_SECONDS": "999999",
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with (folder / "ui.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mkt_assets", "ui", "--port", port],
            env={**os.environ, **own, "PYTHONPATH": str(PROJECT)},
            cwd=PROJECT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, (folder / "ui.log").read_text("utf-8")
        try:
            with urlopen(f"{address}/server_info", timeout=5):
                return True
        except (URLError, OSError):
            return False

    try:
        until(answers)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    said = (folder / "ui.log").read_text("utf-8")
    assert "superseded" not in said.lower() and "deprecat" not in said.lower()


def ask(ui: str, query: str, **variables: object) -> dict[str, Any]:
    body = json.dumps({"query": query, "variables": variables}).encode()
    question = Request(f"{ui}/graphql", body, {"content-type": "application/json"})
    with urlopen(question, timeout=60) as answer:
        [found] = json.load(answer)["data"].values()
    return found


def launched(ui: str, *dates: str) -> str:
    """The id of a backfill of raw_posts for these dates."""
    answer = ask(ui, LAUNCH, dates=dates)
    assert answer["__typename"] == "LaunchBackfillSuccess", answer
    return answer["backfillId"]


def outcome(ui: str, backfill: str) -> str:
    """How it ends."""
    at_work = ("REQUESTED", "CANCELING", "FAILING")

    def ended() -> str | None:
        status = ask(ui, STATUS, id=backfill)["status"]
        return None if status in at_work else status

    return until(ended)


@pytest.mark.slow
def test_the_dates_that_have_a_drop_are_offered_and_a_backfill_of_them_succeeds(
    ui: str, request: pytest.FixtureRequest
) -> None:
    query = '{ assetNodeOrError(assetKey: {path: ["raw_posts"]}) { ... on AssetNode { partitionKeys } } }'
    offered = ask(ui, query)["partitionKeys"]
    assert offered == DATES
    # the one need not wait for the other, and the dialog for neither: the daemon looks every 30 seconds
    backfills = [launched(ui, offered[-1]), launched(ui, *offered[:2])]
    if PROGRAM is not None:
        the_dialog_offers_these_dates_and_no_others(ui, request.getfixturevalue("page"))
    assert [outcome(ui, backfill) for backfill in backfills] == ["COMPLETED_SUCCESS"] * 2
    if PROGRAM is None:
        pytest.skip("all but the dialog is as it should be; no chromium on this machine to open that")


def the_dialog_offers_these_dates_and_no_others(ui: str, page: Tab) -> None:
    page.open(f"{ui}/assets/raw_posts", 1400, 1000, "en")
    until(lambda: "Freshness policy" in page.value("document.body.innerText"))
    # what the button opens is known only once the asset is loaded
    until(lambda: click(page, "Materialize", seconds=3) and "Partition selection" in page.value(DIALOG))
    until(lambda: click(page, "Select a partition", seconds=1) and DATES[0] in page.value(DIALOG))
    assert list(dict.fromkeys(re.findall(r"\d{4}-\d\d-\d\d", page.value(DIALOG)))) == DATES
    until(lambda: click(page, "All", seconds=1) and "3 partitions" in page.value(DIALOG))
    # it would be drawn anew for as long as the backfills take
    page.ask("Page.navigate", url="about:blank")


def click(page: Tab, text: str, *, seconds: float) -> bool:
    """Click the last thing whose text begins so, with the mouse, if it is there, and wait for what that opens."""
    place = page.value(PLACE.format(json.dumps(text)))
    if place is None:
        return False
    for kind in ("mousePressed", "mouseReleased"):
        page.ask("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)
    time.sleep(seconds)
    return True
