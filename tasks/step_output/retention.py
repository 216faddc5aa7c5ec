"""How long the output of steps is kept, and how much of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tasks.files import private
from tasks.step_output.places import COMPRESSED, FOLDER, UNFINISHED, began, parsed

#: How often all of it is looked at, and what part of the sum a run's file must have to be looked at at once.
EVERY = timedelta(hours=1)
_LARGE = 1_000
#: What part of the sum one run may have, before it is compressed.
ONE_RUN = 10
#: A file that was written to within it may still be.
_WRITTEN = timedelta(days=1)
# Its time is when all was looked at last.
_MARKER = ".looked"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file: when its run began, its size in bytes, and whether it may still be written to."""

    began: datetime
    path: Path
    size: int
    may_grow: bool = False


def surplus(files: Iterable[Kept], now: datetime, keep: timedelta, most: int) -> Iterator[Path]:
    """Yield what is to be deleted: what began longer than `keep` ago, and the oldest above `most` bytes."""
    left = sorted(files, key=lambda file: file.began, reverse=True)
    total = 0
    for file in left:
        total += file.size
        if not file.may_grow and (now - file.began > keep or total > most):
            total -= file.size
            yield file.path


def prune(outputs_dir: Path, now: datetime, keep: timedelta, most: int, written: int = 0) -> int:
    """Delete what is not kept any longer, if it is time to; return how many files that were.

    It is once in an hour, or after a run whose file has become large: `written` bytes.

    Raises:
        OSError: the folder cannot be read or written.
    """
    root = outputs_dir / FOLDER
    marker = root / _MARKER
    if not root.is_dir() or not (written * _LARGE > most or _is_due(marker, now)):
        return 0
    marker.unlink(missing_ok=True)
    private.make_file(marker)
    deleted = 0
    for path in surplus(_files(root, now), now, keep, most):
        with suppress(FileNotFoundError, PermissionError):  # somebody was faster, or reads it just now
            path.unlink()
            deleted += 1
    return deleted


def _is_due(marker: Path, now: datetime) -> bool:
    try:
        looked = marker.stat().st_mtime
    except FileNotFoundError:
        return True
    return abs(now.timestamp() - looked) >= EVERY.total_seconds()  # a clock may have been set back


def _files(root: Path, now: datetime) -> Iterator[Kept]:
    """Yield all files of ours; one that is of no use any more as older than all."""
    for path in root.glob("*/*/*.log*"):
        if (name := parsed(path.name)) is None:
            continue
        with suppress(FileNotFoundError):  # it is being compressed
            status = path.stat()
            is_recent = now.timestamp() - status.st_mtime < _WRITTEN.total_seconds()
            is_whole = name["suffix"] == COMPRESSED
            is_left = not is_whole and path.with_name(path.name.partition(".log")[0] + COMPRESSED).exists()
            useless = is_left or (name["suffix"] == UNFINISHED and not is_recent)
            at = datetime.min.replace(tzinfo=UTC) if useless else began(name)
            yield Kept(at, path, status.st_size, may_grow=is_recent and not is_whole and not is_left)
