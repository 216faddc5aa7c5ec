"""Stands before Prefect's server: lets in only who asks it by a name of its own, and from no other web page.

A browser sends what a page of any site asks of 127.0.0.1, and a name that such a site has pointed at
127.0.0.1 ("DNS rebinding") makes the two one site. Both show in the headers that a page cannot set:
`Origin` names the page's site, and `Host` the name that was asked for. Prefect's own server looks at
neither, and its CORS default is every site. CORS settings alone would not help: they define who may read
the answers, while a request without a content type, or a websocket, is carried out all the same.
"""

from __future__ import annotations

import logging
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass

from prefect.logging import get_logger
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from deployments.server import loopback
from tasks.settings.server import Listen

_log: logging.Logger = get_logger("rhythm.guard")

_DEFAULT_PORTS = {"http": 80, "https": 443}
_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")
_SHOWN = 100  # characters of what a client has sent, in a log line
#: Of an answer: no page of another site may show it in a frame, under a button of its own; and a page of ours
#: asks nobody else. Prefect's UI would ask Amplitude for its configuration, analytics or not.
_RULES = (b"content-security-policy", b"frame-ancestors 'self'; connect-src 'self'")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not carried out: the status to answer with, and the reason."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """By which names a server may be asked, and from which sites.

    `names` are hosts with their ports. `origins` are further sites, such as "https://a.example".
    """

    names: frozenset[str]
    origins: frozenset[str] = frozenset()

    @classmethod
    def of(cls, listen: Listen, allowed_hosts: Iterable[str], origins: Iterable[str] = ()) -> AccessPolicy:
        """Return that of a server that listens there.

        This machine's own names are allowed with the port that it listens at, and so is the address, if it
        is one. A host without a port is one with the port that its scheme has by default.
        """
        hosts = [*loopback.NAMES, *([] if listen.is_every_address else [listen.host])]
        names = {str(Listen(host, listen.port)) for host in hosts}
        for host in allowed_hosts:
            names |= {host} if _has_port(host) else {f"{host}:{port}" for port in _DEFAULT_PORTS.values()}
        return cls(frozenset(names), frozenset(origins))

    def refusal(self, scope: Scope) -> Refusal | None:
        """Given an ASGI scope of a request or a websocket, return why it is refused; None if it is not."""
        scheme = {"ws": "http", "wss": "https"}.get(str(scope["scheme"]), str(scope["scheme"]))
        headers: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value.decode("latin-1"))
        hosts, origins = headers.get(b"host", []), headers.get(b"origin", [])
        if len(hosts) != 1 or _with_port(hosts[0], scheme) not in self.names:
            return Refusal(
                403, f"the host {_shown(hosts)} is not one of this server's: name it in allowed_hosts"
            )
        if origins and not all(self._is_own(origin, scheme) for origin in origins):
            return Refusal(403, f"the page of {_shown(origins)} is not one of this server's")
        if not all(map(_is_comparable, headers.get(b"authorization", []))):
            return Refusal(401, "its password has characters that no password here has")
        has_body = b"transfer-encoding" in headers or headers.get(b"content-length", ["0"]) != ["0"]
        is_request = scope["type"] == "http" and scope["method"] in _WITH_BODY
        if is_request and has_body and b"content-type" not in headers:
            return Refusal(415, "its body has no content type")
        return None

    def _is_own(self, origin: str, scheme: str) -> bool:
        """Whether a site is this server's own: by a name of its own, and no less safe than it was asked."""
        if origin in self.origins:
            return True
        theirs, _, host = origin.partition("://")
        return theirs in {scheme, "https"} and _with_port(host, theirs) in self.names


class Guard:
    """An ASGI application before another one: what it refuses never reaches that."""

    def __init__(self, app: ASGIApp, policy: AccessPolicy) -> None:
        self._app, self._policy = app, policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, a websocket, or the server's own start and end."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif refusal := self._policy.refusal(scope):
            client = scope.get("client") or ("?",)
            asked = f"{scope.get('method', 'websocket')} {scope['path']!r:.{_SHOWN}}"
            _log.warning("refused %s from %s: %s", asked, client[0], refusal.reason)
            await _answer(refusal)(scope, receive, send) if scope["type"] == "http" else await WebSocketClose(
                reason=refusal.reason
            )(scope, receive, send)
        else:
            await self._app(scope, receive, _with_rules(send) if scope["type"] == "http" else send)


def _is_comparable(credentials: str) -> bool:
    """Whether Prefect's server can compare a Basic header: others would be an error of the server's own."""
    scheme, _, encoded = credentials.partition(" ")
    try:
        return scheme != "Basic" or b64decode(encoded).isascii()
    except ValueError:
        return True  # which Prefect refuses by itself


def _answer(refusal: Refusal) -> JSONResponse:
    return JSONResponse({"detail": f"Refused: {refusal.reason}."}, status_code=refusal.status)


def _with_rules(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), _RULES]
        await send(message)

    return sent


def _with_port(host: str, scheme: str) -> str:
    """Given a host as a header names it, return it in lower case and with its port."""
    return host.lower() if _has_port(host) else f"{host.lower()}:{_DEFAULT_PORTS.get(scheme, 0)}"


def _has_port(host: str) -> bool:
    return host.rpartition("]")[2].rpartition(":")[1] == ":"


def _shown(values: list[str]) -> str:
    return repr(", ".join(values)[:_SHOWN])
