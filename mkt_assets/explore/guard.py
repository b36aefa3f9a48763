"""What every answer carries, and who gets none: pages of other sites, which a browser lets ask anything.

Not here: names by which the server may be called, see Starlette's TrustedHostMiddleware (app).
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cache-control", b"no-store"),
)


class Guard:
    """Headers on every answer; requests that another site's page makes are refused."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        if _is_of_another_site(request):
            refusal = JSONResponse({"error": "this is answered to the explorer's own page only."}, 403)
            await refusal(scope, receive, send_guarded)
            return
        await self.app(scope, receive, send_guarded)


def _is_of_another_site(request: Request) -> bool:
    """Whether a page of another site asks, as the browser says; a link that is followed to a page is none."""
    if request.headers.get("sec-fetch-site", "none") in ("same-origin", "none"):
        origin = request.headers.get("origin")
        return origin is not None and origin.partition("://")[2] != request.headers.get("host")
    is_navigation = request.headers.get("sec-fetch-mode") == "navigate" and request.method == "GET"
    return not is_navigation or request.headers.get("sec-fetch-dest") != "document"
