"""`rhythm up`: keeps the daemon alive, which does all the rest.

It holds nothing but that: what a small process does not import can neither fail nor take memory. The
daemon hears of the end of this process, however that comes, by the end of its own standard input.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import IO, Any, TextIO

from tasks.project import CONFIG_VARIABLE, PROJECT, config_path

#: The daemon's exit codes: it cannot start, which another try would not change; …
CANNOT_START, BAD_CONFIG = 1, 2
#: … it ended because something in it did (EX_SOFTWARE); …
DIED = 70
#: … it is to be started anew at once, because its code has changed or it has grown (EX_TEMPFAIL).
RENEW = 75

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


def run(args: argparse.Namespace) -> int:
    """Run until Ctrl-C or SIGTERM. Return 0 after a proper end, else what the first daemon ended with."""
    isolated = ["--isolated"] if args.isolated else []
    os.environ[CONFIG_VARIABLE] = str(config_path())  # before this folder is left for the project's
    supervisor = Supervisor([sys.executable, "-m", "deployments.daemon", *isolated], PROJECT)

    def stop(number: int, frame: object) -> None:
        supervisor.stop()

    for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    return supervisor.run()


def _tell(news: str) -> None:
    print(news, flush=True)


class Supervisor:
    """Runs a program, and starts it again when it dies. `say` tells people."""

    def __init__(self, words: list[str], folder: Path, say: Callable[[str], None] = _tell) -> None:
        self._words, self._folder, self._say = words, folder, say
        self._stopping = False
        self._wake = threading.Event()

    def stop(self) -> None:
        """Let the program end, and start it no more."""
        self._stopping = True
        self._wake.set()

    def run(self) -> int:
        """Keep it alive until it is to stop, ends well, or cannot even start; return its exit code."""
        deaths, has_lived = 0, False
        while True:
            began = monotonic()
            code = self._live()
            if self._stopping:
                return 0
            if code == 0 or (code in (CANNOT_START, BAD_CONFIG) and not has_lived):
                return code
            has_lived = True
            if code == RENEW:
                continue
            deaths = 1 if monotonic() - began > _STEADY else deaths + 1
            self._say(f"it has died (exit code {code}), and is started again in {back_off(deaths):g} s")
            self._wait(back_off(deaths))
            if self._stopping:
                return 0

    def _live(self) -> int:
        """Start it, and wait for its end."""
        # Where nobody watches, our own output may be anything: a log that is no file, or nothing at all.
        piped = subprocess.PIPE if not sys.stdout.isatty() else None
        try:
            process = subprocess.Popen(  # noqa: S603 - our own module
                self._words,
                cwd=self._folder,
                env={**os.environ, **_ENVIRONMENT},
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
        if not self._stopping:
            self._wake.clear()
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

        tree = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        for left in tree:
            if left.is_running():  # which compares the time of its creation
                left.kill()


def _apart() -> dict[str, Any]:
    """A Ctrl-C in our terminal is for us alone. No window flashes up where there is no console."""
    if sys.platform == "win32":
        window = 0 if sys.stdout.isatty() else subprocess.CREATE_NO_WINDOW
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | window}
    return {"start_new_session": True}


def _pass_on(stream: IO[bytes], target: TextIO) -> None:
    for line in stream:
        print(line.decode("utf-8", "replace").rstrip("\r\n"), file=target, flush=True)
