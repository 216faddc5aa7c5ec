"""A real HTTP service whose answers a test decides."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tasks.endpoint_settings import EndpointSettings


class Service:
    """Answers with `status`; with `hangs` it takes requests and says nothing until the test is over."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.status = 200
        self.hangs = False
        self.paths: list[str] = []
        self.over = threading.Event()

    def endpoint(self, name: str = "llm", path: str = "/health", timeout: str = "5s") -> EndpointSettings:
        """The service as rhythm.toml would name it."""
        return EndpointSettings.model_validate({"name": name, "url": self.url + path, "timeout": timeout})


@contextmanager
def running_service() -> Iterator[Service]:
    """Run a service on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service.paths.append(self.path)
            if service.hangs:
                service.over.wait()
                return
            self.send_response(service.status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = Service(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
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
