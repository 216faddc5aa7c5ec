"""Every screen, as a person sees it: golden text of real commands in a real terminal.

After a change, write them anew, and look at what is different:
`python -m tests.deployments.screens.test_screens`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deployments.screens.calls import CALLS, prepare
from tests.end_to_end.workspace import PROJECT
from tests.terminal import clean_environment, terminal

SIZES = [(80, 24), (140, 40)]
GOLDEN = Path(__file__).with_name("golden")
# As long as the folder's own name, so that lines are folded alike.
_MASK = "/tmp/rhythm-a_folder"  # noqa: S108 - no folder


@contextmanager
def rhythm() -> Iterator[Path]:
    """Yield a folder with the rhythm; its name always has the same length."""
    place = Path(tempfile.mkdtemp(prefix="rhythm-", dir="/tmp"))
    try:
        prepare(place)
        yield place
    finally:
        shutil.rmtree(place)


def shown(place: Path, columns: int, lines: int) -> tuple[str, list[str]]:
    """Return what the terminal has in the end, and which lines it had to break by itself."""
    argv = [sys.executable, "-m", "tests.deployments.screens.calls"]
    # A port at which nothing listens, and so no server is found.
    env = clean_environment(PYTHONPATH=str(PROJECT), PREFECT_HOME=f"{place}/p", PREFECT_SERVER_API_PORT="9")
    with terminal(argv, place, columns, lines, env) as window:
        return window.ended().replace(str(place), _MASK[: len(str(place))]), window.broken


def golden(columns: int, lines: int) -> Path:
    return GOLDEN / f"{columns}x{lines}.txt"


@pytest.mark.skipif(sys.platform == "win32", reason="tmux")
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_screen_is_as_it_was_found_good_and_the_terminal_breaks_no_line(
    size: tuple[int, int],
) -> None:
    with rhythm() as place:
        text, broken = shown(place, *size)

    assert text == golden(*size).read_text(encoding="utf-8")
    assert broken == []
    assert text.count("\n[") == len(CALLS)


def rewrite() -> None:
    """Write the golden texts anew."""
    for size in SIZES:
        with rhythm() as place:
            golden(*size).write_text(shown(place, *size)[0], encoding="utf-8")


if __name__ == "__main__":
    rewrite()
