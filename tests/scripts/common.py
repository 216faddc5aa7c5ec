"""What the example scripts share. Their first argument is the folder in which they meet the test."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FOLDER = Path(sys.argv[1])
WORDS = sys.argv[2:]


def say(word: str) -> None:
    """Tell the test how far we are."""
    (FOLDER / word).touch()


def wait_for(word: str = "end", seconds: float = 120.0) -> None:
    """Wait until the test says `word`; never forever, lest a broken test leaves us behind."""
    end = time.monotonic() + seconds
    while not (FOLDER / word).exists() and time.monotonic() < end:
        time.sleep(0.02)


def be_deaf() -> None:
    """Ignore the request to end."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def start(script: str, *words: str, **options: Any) -> "subprocess.Popen[bytes]":
    """Start another example script."""
    argv = [sys.executable, str(Path(__file__).with_name(script)), str(FOLDER), *words]
    return subprocess.Popen(argv, **options)  # noqa: S603 - our own script
