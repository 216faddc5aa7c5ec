"""What the scripts have in common: a folder for what they hand each other, and a diary of who ran when."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DATA = Path(os.environ.get("DATA", "."))


@contextmanager
def written_down(who: str) -> Iterator[None]:
    """Write down when a script begins, and when it has ended without an error."""
    _write(who, "begin")
    yield
    _write(who, "end")


def _write(who: str, what: str) -> None:
    with DATA.joinpath("diary.txt").open("a", encoding="utf-8") as file:
        file.write(f"{time.time()} {who} {what}\n")
