"""A real terminal for a test, by tmux: what a person would see of a command."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.waiting import eventually

_CONFIG = "set -g status off\nset -g remain-on-exit on\nset -g remain-on-exit-format ''\n"


@dataclass(frozen=True)
class Terminal:
    """One window in which a program runs."""

    tmux: tuple[str, ...]

    def _ask(self, *words: str) -> str:
        done = subprocess.run(  # noqa: S603 - tmux
            [*self.tmux, *words], capture_output=True, text=True, encoding="utf-8", check=True
        )
        return done.stdout

    @property
    def screen(self) -> str:
        """What is on the screen now."""
        return self._text("capture-pane", "-p")

    @property
    def text(self) -> str:
        """All that was printed: what has scrolled away, too."""
        return self._text("capture-pane", "-p", "-S", "-")

    @property
    def broken(self) -> list[str]:
        """The lines that the terminal itself had to break, as they were printed."""
        whole = self._text("capture-pane", "-p", "-J", "-S", "-").splitlines()
        shown = self.text.splitlines()
        return [line for line in whole if line.rstrip() not in shown]

    @property
    def has_ended(self) -> bool:
        return self._ask("display-message", "-p", "#{pane_dead}").strip() == "1"

    def ended(self) -> str:
        """All that was printed, once the program has ended."""
        eventually(lambda: self.has_ended, "the program's end")
        return self.text

    def resize(self, columns: int, lines: int) -> None:
        self._ask("resize-window", "-x", str(columns), "-y", str(lines))

    def interrupt(self) -> None:
        """Type Ctrl-C."""
        self._ask("send-keys", "C-c")

    def _text(self, *words: str) -> str:
        return "\n".join(line.rstrip() for line in self._ask(*words).rstrip().splitlines()) + "\n"


def tmux() -> str:
    """Return where tmux is; skip the test if there is none, but fail it in CI."""
    if found := shutil.which("tmux"):
        return found
    if "CI" in os.environ:
        pytest.fail("tmux is missing, and CI has it")
    pytest.skip("tmux is not installed")


def clean_environment(**more: str) -> dict[str, str]:
    """Return our variables without what they say about Rhythm, Prefect and the terminal that we run in."""
    apart = ("RHYTHM_", "PREFECT_", "COLUMNS", "LINES", "TMUX")
    ours = {name: value for name, value in os.environ.items() if not name.upper().startswith(apart)}
    return {**ours, "PYTHONUTF8": "1", **more}


@contextmanager
def terminal(
    argv: Sequence[str], folder: Path, columns: int, lines: int, env: dict[str, str]
) -> Iterator[Terminal]:
    """Run a program in a terminal of this size, and end it with its terminal in the end."""
    program = tmux()
    with tempfile.TemporaryDirectory(
        prefix="tmux"
    ) as place:  # a socket's path may be no longer than 107 bytes
        config = Path(place) / "tmux.conf"
        config.write_text(_CONFIG, encoding="utf-8")
        words = (program, "-u", "-f", str(config), "-S", f"{place}/socket")
        size = ["-x", str(columns), "-y", str(lines)]
        subprocess.run(  # noqa: S603 - tmux
            [*words, "new-session", "-d", *size, "-c", str(folder), shlex.join(argv)], env=env, check=True
        )
        try:
            yield Terminal(words)
        finally:
            subprocess.run([*words, "kill-server"], check=False, capture_output=True)  # noqa: S603 - tmux
