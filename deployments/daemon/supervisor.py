"""Keeps the daemon alive: starts it, and starts it again when it dies.

It holds nothing but that: what a small process does not import can neither fail nor take memory. The
daemon is notified of the end of this process, however that comes, by the end of its own standard input.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import IO, Any, TextIO

from deployments.service import journal
from tasks.process.own_variables import set_own

#: The daemon's exit codes: it cannot start, which another try would not change; …
CANNOT_START, BAD_CONFIG = 1, 2
#: … it ended because something in it did (EX_SOFTWARE); …
DIED = 70
#: … it is to be started anew at once, because its code has changed or it has grown (EX_TEMPFAIL).
RENEW = 75
#: … or another process than the supervisor has asked it to end, by SIGTERM (128 + 15, as of a shell).
TERMINATED = 143

#: Deaths in a row, each within so many seconds of a start, after which another start is not tried.
QUICK_DEATHS, QUICK = 3, 60.0
_FIRST, _LONGEST = 1.0, 60.0  # seconds before a restart
_STEADY = 120.0  # seconds alive after which earlier deaths are forgotten
#: Seconds that the daemon has to end all that it has started; then it is killed.
_LIMIT = 12.0
# What flows log goes to Prefect; drawing it for the daemon's log as well would take longer than most steps.
_ENVIRONMENT = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING", "PYTHONUTF8": "1"}
_TICK = 1.0  # seconds; Windows hands over a Ctrl-C only between two waits


def back_off(deaths: int) -> float:
    """Return the seconds to wait before the restart after `deaths` deaths in a row: 1, 2, 4, … 60."""
    doublings = min(max(deaths - 1, 0), 10)
    return min(_FIRST * 2.0**doublings, _LONGEST)


def how(code: int) -> str:
    """Given an exit code, return how a process ended: by a signal, as Popen and a shell have it, or not."""
    number = -code if code < 0 else code - 128 if code == TERMINATED else 0
    try:
        return signal.Signals(number).name if number else f"exit code {code}"
    except ValueError:
        return f"signal {number}"


def _report(news: str) -> None:
    print(journal.for_stream(news, journal.WARNING, sys.stdout), flush=True)


class Supervisor:
    """Runs a program, and starts it again when it dies. `say` reports to people."""

    def __init__(self, argv: list[str], folder: Path, say: Callable[[str], None] = _report) -> None:
        self._argv, self._folder, self._say = argv, folder, say
        self.gave_up = False
        """Whether it died again and again as soon as it was started."""
        self._stopping = False
        self._wake = threading.Event()

    def stop(self) -> None:
        """Let the program end, and start it no more."""
        self._stopping = True
        self._wake.set()

    def run(self) -> int:
        """Keep it alive until it is to stop, ends well, or cannot even start; return its exit code.

        One that dies as soon as it is started is tried `QUICK_DEATHS` times: then return 1.
        """
        deaths, quick, has_run = 0, 0, False
        while True:
            began = monotonic()
            code = self._run_once()
            if self._stopping:
                return 0
            if code == 0 or (code in (CANNOT_START, BAD_CONFIG) and not has_run):
                return code
            has_run = True
            if code == RENEW:
                continue
            alive = monotonic() - began
            quick = quick + 1 if alive < QUICK else 0
            if quick == QUICK_DEATHS:
                self._say(f"it has died ({how(code)})")
                self.gave_up = True
                return CANNOT_START
            deaths = 1 if alive > _STEADY else deaths + 1
            self._say(f"it has died ({how(code)}), and is started again in {back_off(deaths):g} s")
            self._wait(back_off(deaths))
            if self._stopping:
                return 0

    def _run_once(self) -> int:
        """Start it, and wait for its end."""
        # Where nobody watches, our own output may be anything: a log that is no file, or nothing at all.
        is_lasting = sys.stdout.isatty() or journal.is_journal(sys.stdout)
        piped = None if is_lasting else subprocess.PIPE
        env = dict(os.environ)
        set_own(_ENVIRONMENT, env)
        try:
            process = subprocess.Popen(  # noqa: S603 - our own module
                self._argv,
                cwd=self._folder,
                env=env,
                stdin=subprocess.PIPE,
                stdout=piped,
                stderr=piped,
                **_apart(),
            )
        except OSError as error:  # an upgrade may be under way
            self._say(f"it cannot be started ({error})")
            return DIED
        threads = [
            threading.Thread(target=_pass_on, args=(stream, target), daemon=True)
            for stream, target in ((process.stdout, sys.stdout), (process.stderr, sys.stderr))
            if stream
        ]
        threads.append(threading.Thread(target=self._notice, args=(process,), daemon=True))
        for thread in threads:
            thread.start()
        self._wait()
        if process.poll() is None:
            _end(process)
        for thread in threads:
            thread.join(_TICK)
        self._wake.clear()  # that `stop` was called meanwhile is in `_stopping` as well
        return process.returncode

    def _notice(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        self._wake.set()

    def _wait(self, seconds: float = float("inf")) -> None:
        end = monotonic() + seconds
        while not self._wake.wait(max(0.0, min(_TICK, end - monotonic()))) and monotonic() < end:
            pass


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let it end in order; if it does not, end it and all below it."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(_LIMIT)
    except subprocess.TimeoutExpired:
        import psutil

        from tasks.process import ending

        with suppress(psutil.NoSuchProcess):  # it has ended just now
            tree = ending.with_descendants(psutil.Process(process.pid))
            ending.end(tree, grace=0, ask=ending.nobody)
        process.wait()


def _apart() -> dict[str, Any]:
    """A Ctrl-C in our terminal is for us alone. No window flashes up where there is no console."""
    if sys.platform == "win32":
        window = 0 if sys.stdout.isatty() else subprocess.CREATE_NO_WINDOW
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | window}
    return {"start_new_session": True}


def _pass_on(stream: IO[bytes], target: TextIO) -> None:
    for line in stream:
        print(line.decode("utf-8", "replace").rstrip("\r\n"), file=target, flush=True)
