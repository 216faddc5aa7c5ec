"""The dashboard, drawn when it is asked for: its own module prints it as HTML.

It is drawn in a process of its own: what draws charts takes 240 MB for two seconds, which the server would
keep. Two people who look at once share one drawing, and so does who looks again within a minute.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from time import monotonic

from flows import clock
from tasks.process.system import IN_UTF_8, apart
from tasks.settings import rhythm_toml as config
from tasks.settings.project import CONFIG_VARIABLE, config_path, folder, module_argv

_FRESH = 60.0  # seconds
_LIMIT = 120.0  # seconds, after which a drawing is given up
_HOURS = 24.0
_COMMAND = module_argv("deployments.server.dashboard")


class DrawingError(Exception):
    """The dashboard could not be drawn; the message says why, for people."""


def draw() -> str:
    """Draw the dashboard of this rhythm in a process of its own; return the page.

    Raises:
        DrawingError: it could not, or not in time.
    """
    environment = {**os.environ, **IN_UTF_8, CONFIG_VARIABLE: str(config_path())}
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            _COMMAND,
            cwd=folder(),
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIMIT,
            check=False,
            **apart(),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DrawingError(str(error)) from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise DrawingError(lines[-1] if lines else f"it ended with {done.returncode}")
    return str(done.stdout, "utf-8")


class Drawings:
    """The last drawing, kept while it is fresh; `draw` makes a new one, and may block."""

    def __init__(self, draw: Callable[[], str] = draw, now: Callable[[], float] = monotonic) -> None:
        self._draw, self._now = draw, now
        self._lock = asyncio.Lock()
        self._page = ""
        self._until = 0.0

    async def latest(self) -> str:
        """Return a page that is no older than a minute.

        Raises:
            DrawingError: it could not be drawn. The next one who asks has it tried again.
        """
        async with self._lock:
            if not self._page or self._now() > self._until:
                self._page = ""
                self._page = await asyncio.to_thread(self._draw)
                self._until = self._now() + _FRESH
            return self._page


def main() -> int:
    """Print the page. Return 1, with the reason on standard error, if it cannot be drawn."""
    from tasks import extras
    from tasks.outcome import StepFailedError
    from tasks.problem import ConfigError
    from tasks.store.store import StoreError

    try:
        from tasks.builtin.generate_visual_dashboard import dashboard

        settings = config.load()
        now = clock.now().astimezone(settings.zone)
        print(dashboard(settings, now, hours=_HOURS, is_served=True).html)
    except (ConfigError, StoreError, StepFailedError) as error:
        print(" ".join(str(error).splitlines()), file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        if not (extra := extras.extra_of(error)):
            raise
        print(f"{error.name} is not installed. {extras.remedy(extra)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
