"""What a server of Rhythm's answers itself, beside Prefect: who it is, and how people sign in.

`rhythm ui` asks for a ticket by the password, and opens a page of this server's own with it. The page
redeems the ticket for the password, and puts that where Prefect's UI keeps it. A ticket is good for a
minute and for one use, so what stays in a browser's history opens nothing.

The dashboard is opened by a ticket as well: Prefect's UI keeps the password in the storage of its pages and
sends it with each request, and a page that is navigated to brings none. So /rhythm is a page without data,
whose script gets a ticket by the stored password and goes on to the dashboard. Whoever loads that again,
with a ticket that has been used, is sent back for another.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from prefect.settings import get_current_settings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from deployments.server import identity
from deployments.server.address import Address
from deployments.server.dashboard import DrawingError, Drawings
from deployments.server.identity import DASHBOARD, DRAWN, SIGN_IN, TICKETS

#: Where all of this is; anything else is Prefect's.
PREFIX = "/rhythm/"

_LIFE = 60.0  # seconds
_TICKET = 43  # characters: 32 bytes in base64
_PAGE = (Path(__file__).parent / "sign_in.html").read_text(encoding="utf-8")
_DASHBOARD_PAGE = (Path(__file__).parent / "dashboard.html").read_text(encoding="utf-8")
# The page has nothing but its own script, and nobody may keep it, or what it is answered.
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class Tickets:
    """Tickets that have been handed out and not yet been redeemed."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._issued: dict[str, float] = {}

    def issue(self) -> str:
        """Return a new one, and forget those that have expired."""
        now = self._now()
        self._issued = {ticket: at for ticket, at in self._issued.items() if now - at < _LIFE}
        ticket = secrets.token_urlsafe(32)
        self._issued[ticket] = now
        return ticket

    def redeem(self, ticket: str) -> bool:
        """Whether a ticket is good; from now on it is not."""
        at = self._issued.pop(ticket, None)
        return at is not None and self._now() - at < _LIFE


class SignIn:
    """An ASGI application before Prefect's, by the password that that has; None if it has none."""

    def __init__(
        self,
        app: ASGIApp,
        password: str | None,
        tickets: Tickets | None = None,
        drawings: Drawings | None = None,
    ) -> None:
        self._prefect, self._password = app, password
        self._tickets, self._drawings = tickets or Tickets(), drawings or Drawings()
        self._own = Starlette(
            routes=[
                Route(identity.PATH, self._identity),
                Route(TICKETS, self._issue, methods=["POST"]),
                Route(SIGN_IN, self._page),
                Route(SIGN_IN, self._redeem, methods=["POST"]),
                Route(DASHBOARD, self._entrance),
                Route(DASHBOARD + "/", self._entrance),
                Route(DRAWN, self._dashboard),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle what is ours, and leave the rest to Prefect."""
        is_ours = scope["type"] == "http" and f"{scope['path']}/".startswith(PREFIX)
        await (self._own if is_ours else self._prefect)(scope, receive, send)

    async def _identity(self, request: Request) -> Response:
        nonce, server = request.query_params.get("nonce", ""), request.scope["server"]
        proof = identity.proof(self._password, nonce, (server[0], server[1])) if self._password else ""
        home = identity.home_digest(get_current_settings().home)
        return JSONResponse({"home": home, "proof": proof})

    async def _issue(self, request: Request) -> Response:
        if self._password:
            given = request.headers.get("Authorization", "").encode()
            needed = Address("", password=self._password).headers["Authorization"].encode()
            if not hmac.compare_digest(given, needed):
                return JSONResponse({"detail": "Unauthorized"}, status_code=401)
        return JSONResponse({"ticket": self._tickets.issue()}, headers=_PRIVATE)

    async def _page(self, request: Request) -> Response:
        return _with_script(_PAGE)

    async def _entrance(self, request: Request) -> Response:
        return _with_script(_DASHBOARD_PAGE)

    async def _dashboard(self, request: Request) -> Response:
        if self._password and not self._tickets.redeem(request.query_params.get("ticket", "")):
            return RedirectResponse(DASHBOARD, status_code=303, headers=_PRIVATE)
        try:
            return HTMLResponse(await self._drawings.latest(), headers=_PRIVATE)
        except DrawingError as error:
            text = f"The dashboard could not be drawn: {error}\n"
            return PlainTextResponse(text, status_code=503, headers=_PRIVATE)

    async def _redeem(self, request: Request) -> Response:
        if not self._tickets.redeem(await _start(request)):
            return JSONResponse(
                {"detail": "The link has been used, or is older than a minute."}, status_code=403
            )
        return JSONResponse({"password": self._password or ""}, headers=_PRIVATE)


def _with_script(page: str) -> Response:
    """Return a page of ours whose own script and style run, and nothing else."""
    nonce = secrets.token_urlsafe(16)
    rules = f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'"
    headers = _PRIVATE | {"Content-Security-Policy": rules}
    return HTMLResponse(page.replace("NONCE", nonce), headers=headers)


async def _start(request: Request) -> str:
    """Return a request's body, or no more of it than a ticket has: anybody may send one of any size."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _TICKET:
            break
    return body[: _TICKET + 1].decode("ascii", "replace")
