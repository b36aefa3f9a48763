"""The explorer's server: which address gives what, to whom, and what is refused.

It answers this machine's browser only, reads, and writes nothing but tags. Not here: the answers (answers), the page
(page), on which address it listens (commands/explore).
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from mkt_assets.contract.columns import MODALITIES
from mkt_assets.explore import answers
from mkt_assets.explore.filters import FilterError, parse
from mkt_assets.explore.guard import Guard
from mkt_assets.explore.index import Index, NothingStoredError, open_index
from mkt_assets.explore.page import page
from mkt_assets.resources.files import FilesAwayError, FilesSetupError, FileStore
from mkt_assets.resources.opening import open_files
from mkt_assets.resources.tags import TagError, Tags
from mkt_assets.settings import Settings
from mkt_assets.stored.mattes import open_thumbnail

THUMBNAIL = (240, 320)
MAX_BODY_BYTES = 4_000_000
_KEPT_THUMBNAILS = 2_000
_LONGEST_NAME = 200
_HOSTS = ("127.0.0.1", "localhost")
_TYPES = {".html": "text/html; charset=utf-8", ".png": "image/png"}
_LOG = logging.getLogger(__name__)
Answer = Callable[["Explorer", Request], Response]


class Explorer:
    """What the server reads: the snapshot, read again when another one is published, and the stores of files.

    Args:
        snapshot: the published DuckDB file.
        media: where mattes are.
        reports: where reports are.
        charts: where charts are.
        tags: the analyst's tags.
    """

    def __init__(
        self, snapshot: Path, *, media: FileStore, reports: FileStore, charts: FileStore, tags: Tags
    ) -> None:
        self.snapshot = snapshot
        self.media = media
        self.stores = {"reports": reports, "charts": charts}
        self.tags = tags
        self._index: Index | None = None
        self._lock = Lock()
        self.thumbnail = lru_cache(_KEPT_THUMBNAILS)(self._thumbnail)

    @classmethod
    def of_home(cls, settings: Settings) -> Explorer:
        """Of what the settings say."""
        return cls(
            settings.snapshot_path,
            media=open_files(settings, "media"),
            reports=open_files(settings, "reports"),
            charts=open_files(settings, "charts"),
            tags=Tags(settings.tags_file),
        )

    @property
    def index(self) -> Index:
        """What is published now.

        Raises:
            NothingStoredError: there is no snapshot.
        """
        with self._lock:
            if self._index is None or not self._index.is_current():
                self._index = open_index(self.snapshot)
                # who was forgotten is in no snapshot that follows, nor in what is kept here
                self.thumbnail.cache_clear()
            return self._index

    def _thumbnail(self, matte_path: str) -> bytes:
        out = io.BytesIO()
        open_thumbnail(self.media, matte_path, THUMBNAIL).save(out, "WEBP", quality=80)
        return out.getvalue()


def build_app(explorer: Explorer, *, hosts: Sequence[str] = ()) -> Starlette:
    """The server's application.

    Args:
        explorer: what it reads.
        hosts: names besides this machine's by which it may be called, as behind a reverse proxy.
    """

    def route(path: str, answer: Answer, method: str = "GET") -> Route:
        return Route(path, _endpoint(explorer, answer), methods=[method])

    allowed = [*_HOSTS, *hosts]
    app = Starlette(
        routes=[
            route("/", _page),
            route("/api/start", _start),
            route("/api/map", _map),
            route("/api/posts", _posts),
            route("/api/tags", _change_tag, "POST"),
            route("/posts.csv", _csv),
            route("/font", _font),
            route("/thumbnail/{item_no:int}", _thumbnail),
            route("/{store}/{name:path}", _file),
        ],
        middleware=[
            # before all else: a site that points its own name at this machine is none of these hosts
            Middleware(TrustedHostMiddleware, allowed_hosts=allowed, www_redirect=False),
            Middleware(Guard),
        ],
    )
    app.router.redirect_slashes = False
    return app


def _endpoint(explorer: Explorer, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY_BYTES:
                return _refused(f"that is more than {MAX_BODY_BYTES / 1e6:.0f} MB.", 413)
        request.state.body = body
        return await run_in_threadpool(_answered, explorer, request, answer)

    return respond


def _answered(explorer: Explorer, request: Request, answer: Answer) -> Response:
    try:
        return answer(explorer, request)
    except (FilterError, TagError) as error:
        return _refused(str(error), 400)
    except (NothingStoredError, FilesSetupError, FilesAwayError) as error:
        return _refused(str(error), 503)
    except FileNotFoundError:
        return _refused("there is no such file any more: load the page again.", 404)
    except OSError as error:
        _LOG.exception("a file cannot be read or written")
        return _refused(
            f"a file cannot be read or written ({error.strerror}): see the log of `mkt explore`.", 500
        )


def _refused(reason: str, status: int) -> Response:
    return JSONResponse({"error": reason}, status)


def _page(explorer: Explorer, request: Request) -> Response:
    html, policy = page()
    return Response(html, media_type="text/html", headers={"Content-Security-Policy": policy})


def _start(explorer: Explorer, request: Request) -> Response:
    return _json(answers.start_of(explorer.index, explorer.tags))


def _map(explorer: Explorer, request: Request) -> Response:
    modality = request.query_params.get("map", MODALITIES[0])
    if modality not in MODALITIES:
        raise FilterError(f"map is one of {', '.join(MODALITIES)}.")
    return _json(answers.map_of(explorer.index, modality))


def _posts(explorer: Explorer, request: Request) -> Response:
    return _json(answers.found(explorer.index, explorer.tags, parse(request.query_params)))


def _csv(explorer: Explorer, request: Request) -> Response:
    asked = parse(request.query_params)
    return StreamingResponse(
        answers.csv_of(explorer.index, explorer.tags, asked),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="posts.csv"'},
    )


def _change_tag(explorer: Explorer, request: Request) -> Response:
    """Give a tag to posts or take it away: JSON of tag, give, and posts (ids) or the query of a filter."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return _refused("tags are sent as application/json.", 415)
    wanted = _object(request.state.body)
    tag, give, posts, query = (wanted.get(key) for key in ("tag", "give", "posts", "query"))
    if not isinstance(tag, str) or not isinstance(give, bool):
        raise TagError("tag is a text, and give is true or false.")
    if isinstance(query, dict):
        ids = answers.matching_ids(
            explorer.index, explorer.tags, parse({str(k): str(v) for k, v in query.items()})
        )
    elif isinstance(posts, list) and all(isinstance(post, str) for post in posts):
        ids = answers.known_ids(explorer.index, posts)
    else:
        raise TagError("posts is a list of post ids, or query a filter.")
    n_posts = explorer.tags.change(tag, ids, give=give)
    return _json({"n_posts": n_posts})


def _object(body: bytes) -> dict[str, Any]:
    try:
        wanted = json.loads(body)
    except ValueError:
        wanted = None
    if not isinstance(wanted, dict):
        raise TagError("that is no JSON object.")
    return wanted


def _thumbnail(explorer: Explorer, request: Request) -> Response:
    path = answers.matte_of(explorer.index, min(request.path_params["item_no"], 2**31 - 1))
    if path is None:
        return _refused("this item has no picture.", 404)
    return Response(explorer.thumbnail(path), media_type="image/webp")


def _font(explorer: Explorer, request: Request) -> Response:
    """A font of the characters that captions have, for a browser whose system has none of them."""
    return Response(explorer.index.font, media_type="font/otf")


def _file(explorer: Explorer, request: Request) -> Response:
    """A report or a chart, by its name in the store, which leads nowhere else."""
    store = explorer.stores.get(request.path_params["store"])
    name = str(request.path_params["name"])
    kind = _TYPES.get(Path(name).suffix)
    if store is None or kind is None or len(name) > _LONGEST_NAME:
        return _refused("there is nothing at this address.", 404)
    try:
        data = store.read(name)
    except (ValueError, IsADirectoryError):
        return _refused("there is nothing at this address.", 404)
    return Response(data, headers={"Content-Type": kind})


def _json(value: object) -> Response:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # half a character, as a cut caption may end, cannot be sent
    return Response(text.encode("utf-8", "replace"), media_type="application/json")
