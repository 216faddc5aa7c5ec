"""A real browser without a window, asked over its DevTools protocol what it makes of a page."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import httpx
import pytest
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from tests.waiting import eventually
from tests.wine import is_wine

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
_PATIENCE = 60.0  # seconds, for one answer of the browser's
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--no-default-browser-check"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"),
    *("--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-port=0"),
)

Scheme = Literal["light", "dark"]


def executable() -> str:
    """Return where the browser is; skip the test if there is none, but fail it in CI."""
    if is_wine():
        pytest.skip("Wine: there is no browser for Windows here")
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    missing = f"NO BROWSER: none of {', '.join(_NAMES)} is on PATH, so no page was looked at"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(missing)
    pytest.skip(missing)


@dataclass
class Page:
    """An open page, and what was heard of it: `complaints` of its console, and `requests` (URLs)."""

    socket: Connection
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    _number: int = 0
    _heard: list[str] = field(default_factory=list)

    def visit(self, url: str) -> None:
        """Open a URL, wait until it is loaded, and forget what was heard before."""
        self.complaints.clear()
        self.requests.clear()
        self._heard.clear()
        self.ask("Page.navigate", url=url)
        while "Page.loadEventFired" not in self._heard:
            self._take()

    def wait_for(self, condition: str) -> None:
        """Wait until a JavaScript expression is true."""
        eventually(lambda: self.value(f"Boolean({condition})"), condition)

    def shape(self, width: int, height: int, scheme: Scheme = "light", media: str = "screen") -> None:
        """Be a screen of that many CSS pixels, whose owner likes it light or dark; or a printer."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", media=media, features=features)

    def value(self, expression: str) -> Any:
        """Return what a JavaScript expression comes to, awaited if it is a promise."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def move_mouse(self, x: float, y: float) -> None:
        """Point at a place of the visible part of the page."""
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def screenshot(self, path: Path) -> None:
        """Keep a picture of the whole page."""
        answer = self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the DevTools protocol and return its result."""
        self._number += 1
        self.socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while (answer := self._take()).get("id") != self._number:
            pass
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: dict[str, Any] = answer["result"]
        return result

    def _take(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.socket.recv(timeout=_PATIENCE))
        method, said = message.get("method", ""), message.get("params", {})
        self._heard.append(method)
        if method == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(each.get("value", each)) for each in said["args"]))
        elif method == "Runtime.exceptionThrown":
            details = said["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            self.complaints.append(said["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
        return message


@contextmanager
def browser(*flags: str) -> Iterator[Page]:
    """Start the browser with a profile of its own, and give a page of it."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(  # noqa: S603 - found on PATH, with arguments of ours
            [executable(), *_FLAGS, *flags, f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with connect(_address(Path(profile)), max_size=None, ping_interval=None) as socket:
                page = Page(socket)
                for domain in ("Page", "Runtime", "Log", "Network"):
                    page.ask(f"{domain}.enable")
                yield page
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def _address(profile: Path) -> str:
    """Return where the browser's first page listens; it writes its port into its profile."""
    file = profile / "DevToolsActivePort"
    port = eventually(lambda: file.exists() and file.read_text().partition("\n")[0], "the browser's port")

    def page() -> str:
        targets = httpx.get(f"http://127.0.0.1:{port}/json/list", trust_env=False).json()
        return next((each["webSocketDebuggerUrl"] for each in targets if each["type"] == "page"), "")

    return eventually(page, "the browser's first page")
