"""A real HTTP service whose answers a test decides."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tasks.settings.endpoints import EndpointSettings


@dataclass(frozen=True)
class Request:
    """What the service was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Service:
    """Answers with `status` and `body`, or the body of `bodies` for a path.

    The next `failures` requests are answered 503. With `hangs` it takes requests and says nothing until
    the test is over; with `drips` it sends its headers, and then a byte now and then.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.status = 200
        self.body = b"{}"
        self.bodies: dict[str, bytes] = {}
        self.failures = 0
        self.hangs = False
        self.drips = False
        self.requests: list[Request] = []
        self.over = threading.Event()

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [request.path for request in self.requests]

    def endpoint(
        self, name: str = "llm", path: str = "/health", timeout: str = "5s", **more: Any
    ) -> EndpointSettings:
        """The service as rhythm.toml would name it."""
        return EndpointSettings.model_validate(
            {"name": name, "url": self.url + path, "timeout": timeout, **more}
        )


@contextmanager
def running_service() -> Iterator[Service]:
    """Run a service on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def answer(self) -> None:
            asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.requests.append(Request(self.command, self.path, headers, asked))
            if service.hangs:
                service.over.wait()
                return
            failing, service.failures = service.failures > 0, max(0, service.failures - 1)
            self.send_response(503 if failing else service.status)
            body = service.bodies.get(self.path, service.body)
            self.send_header("Content-Length", str(len(body) + 100_000 * service.drips))
            self.end_headers()
            with suppress(ConnectionError):  # whoever asked has lost patience
                if service.drips:
                    while not service.over.wait(0.05):
                        self.wfile.write(b" ")
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = Service(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def nowhere() -> EndpointSettings:
    """An endpoint that refuses connections: its port was free a moment ago."""
    with running_service() as service:
        return service.endpoint("gone")
