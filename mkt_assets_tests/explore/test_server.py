"""The server to its own page, and to everybody else."""

from __future__ import annotations

import http.client
import io
import json
import socket
from collections.abc import Mapping
from typing import Any

import pytest
from PIL import Image

from mkt_assets.settings import Settings
from mkt_assets_tests.explore.planted import D2, post_id

OWN = {"Sec-Fetch-Site": "same-origin"}


def ask(
    port: int, path: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] = OWN
) -> tuple[int, bytes, Mapping[str, str]]:
    """The path goes out as it stands: http.client changes nothing of it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}
    finally:
        connection.close()


def tag(port: int, wanted: Any, headers: Mapping[str, str] = OWN) -> tuple[int, Any]:
    sent = {"Content-Type": "application/json", **headers}
    status, body, _ = ask(port, "/api/tags", "POST", json.dumps(wanted).encode(), sent)
    return status, body


def test_the_page_runs_its_own_script_and_loads_from_here_alone(port: int) -> None:
    status, body, headers = ask(port, "/")
    assert status == 200 and b"<canvas" in body
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe-inline" not in policy and "http" not in policy
    assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")
    assert headers["cache-control"] == "no-store"


def test_a_thumbnail_is_a_small_picture_of_an_items_matte(port: int) -> None:
    posts = json.loads(ask(port, "/api/posts?style=style-0")[1])["posts"]
    status, body, headers = ask(port, f"/thumbnail/{posts[0]['pictures'][0]['item']}")
    assert (status, headers["content-type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(body)).size == (30, 40)
    assert ask(port, "/thumbnail/999999999999")[0] == ask(port, "/thumbnail/x")[0] == 404


def test_reports_and_charts_are_served_by_their_names(port: int) -> None:
    status, body, headers = ask(port, f"/reports/{D2}/report.html")
    assert status == 200 and b"of the crawl" in body and headers["content-type"].startswith("text/html")
    assert ask(port, f"/charts/{D2}/map.png")[2]["content-type"] == "image/png"


@pytest.mark.parametrize(
    "path",
    [
        "/reports/../mkt.snapshot.duckdb",
        "/reports/%2e%2e/mkt.snapshot.duckdb",
        "/reports/..%2f..%2fmkt.duckdb",
        "/charts//etc/passwd",
        "/charts/%2fetc%2fpasswd.png",
        "/reports/2024-06-14/..%5c..%5cmkt.png",
        "/reports/link.html",
        "/reports/a%00.html",
        "/reports/2024-06-14",
        "/media/60.webp",
        "/state/report.html",
        "/reports/" + "a/" * 3000 + "b.html",
        "/tags.csv",
    ],
)
def test_no_path_leads_to_another_file(port: int, home: Settings, path: str) -> None:
    link = home.home / "reports" / "link.html"
    link.unlink(missing_ok=True)
    (home.home / "secret.html").write_text("secret", "utf-8")
    link.symlink_to(home.home / "secret.html")
    status, body, _ = ask(port, path)
    assert status in (400, 404)
    assert b"secret" not in body and b"root:" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_verbs_are_refused(port: int, method: str) -> None:
    for path in ("/", "/api/posts", "/posts.csv", f"/reports/{D2}/report.html"):
        assert ask(port, path, method)[0] == 405
    if method != "POST":
        assert ask(port, "/api/tags", method)[0] == 405


@pytest.mark.parametrize("host", ["evil.example.org", "127.0.0.1.evil.org", "", "localhost.evil.org"])
def test_a_name_that_leads_here_is_not_enough(port: int, host: str) -> None:
    assert ask(port, "/api/posts", headers={"Host": host, **OWN})[0] == 400


def test_the_hosts_that_were_named_are_answered(port: int) -> None:
    for host in ("localhost", f"127.0.0.1:{port}", "explore.example.org"):
        assert ask(port, "/api/start", headers={"Host": host, **OWN})[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Origin": "https://evil.example.org"},
        {"Origin": "null"},
    ],
)
def test_a_page_of_another_site_gets_nothing(port: int, headers: dict[str, str]) -> None:
    assert ask(port, "/api/posts", headers=headers)[0] == 403
    assert tag(port, {"tag": "x", "give": True, "posts": [post_id(1)]}, headers)[0] == 403


def test_a_link_from_the_dagster_ui_opens_a_report(port: int) -> None:
    followed = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert ask(port, f"/reports/{D2}/report.html", headers=followed)[0] == 200
    assert ask(port, "/api/tags", "POST", b"{}", {**followed, "Content-Type": "application/json"})[0] == 403


def test_a_tag_is_given_to_posts_or_to_all_that_match_and_filters(port: int) -> None:
    assert tag(port, {"tag": "看", "give": True, "posts": [post_id(1), "unknown"]})[0] == 200
    assert json.loads(ask(port, "/api/posts?tag=%E7%9C%8B")[1])["n_distinct_posts"] == 1
    assert tag(port, {"tag": "看", "give": True, "query": {"style": "style-1"}})[0] == 200
    by_tag = json.loads(ask(port, "/api/posts?tag=%E7%9C%8B")[1])
    assert by_tag["n_posts"] == json.loads(ask(port, "/api/posts?style=style-1")[1])["n_posts"]
    assert tag(port, {"tag": "看", "give": False, "query": {}})[0] == 200
    assert json.loads(ask(port, "/api/start")[1])["tags"] == {}


@pytest.mark.parametrize(
    "wanted",
    [
        [],
        {},
        {"tag": "x"},
        {"tag": 1, "give": True, "posts": []},
        {"tag": "x", "give": True, "posts": [1]},
        {"tag": "\n", "give": True, "posts": []},
        {"tag": "x", "give": True, "query": {"likes": "many"}},
    ],
)
def test_a_tag_that_cannot_be_given_is_a_sentence(port: int, wanted: Any) -> None:
    status, body = tag(port, wanted)
    assert status == 400 and len(json.loads(body)["error"]) > 10


def test_tags_are_taken_as_json_of_a_size_that_can_be(port: int) -> None:
    assert ask(port, "/api/tags", "POST", b"tag=x", {**OWN, "Content-Type": "text/plain"})[0] == 415
    assert ask(port, "/api/tags", "POST", b"{", {**OWN, "Content-Type": "application/json"})[0] == 400
    large = b"x" * 5_000_000
    assert ask(port, "/api/tags", "POST", large, {**OWN, "Content-Type": "application/json"})[0] == 413


def test_a_wrong_question_is_a_sentence_and_the_server_goes_on(port: int) -> None:
    for query in ("likes=x", "a=b", "words=" + "a" * 999, "lasso=1", "like=123456"):
        status, body, _ = ask(port, f"/api/posts?{query}")
        assert status == 400 and json.loads(body)["error"]
    with socket.create_connection(("127.0.0.1", port)) as raw:
        raw.sendall(b"GET / HTTP/9\r\n\r\n\x00\xff")
        raw.recv(1000)
    assert ask(port, "/api/posts")[0] == 200
