"""How fast this machine is right now: a fixed amount of work for its CPU and its disk."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter

from tasks.files import private
from tasks.store.measurements import Sample

_BLOCK = bytes(range(256)) * 256  # 64 KiB
_HASHES = 1000
_FILE_BLOCKS = 64  # 4 MiB
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class DiskSpeed:
    """Megabytes (10^6 bytes) a second: written until the disk confirms them, and read again."""

    written: float
    read: float

    def samples(self, at: datetime) -> Iterator[Sample]:
        """The speeds as samples, for the store."""
        yield Sample(at, "disk_written_mb_per_second", self.written)
        yield Sample(at, "disk_read_mb_per_second", self.read)


def cpu_hashes_per_second() -> float:
    """Return how many 64 KiB blocks one core hashes (SHA-256) in a second.

    Costs one core for 50 to 200 ms: 1000 blocks, the same every time.
    """
    began = perf_counter()
    for _ in range(_HASHES):
        hashlib.sha256(_BLOCK).digest()
    return _HASHES / (perf_counter() - began)


def disk_speed(folder: Path) -> DiskSpeed:
    """Write 4 MiB to a file in `folder`, wait until it is on the disk, read it, and delete it.

    Costs some 10 ms on an SSD, up to half a second on a busy hard disk. What was just written is read
    from the system's cache: `read` measures the memory and what watches files, not the disk.

    Raises:
        OSError: the folder cannot be made or written to.
    """
    private.make_folder(folder)
    size = len(_BLOCK) * _FILE_BLOCKS / _MEGABYTE
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        began = perf_counter()
        for _ in range(_FILE_BLOCKS):
            file.write(_BLOCK)
        os.fsync(file.fileno())
        written = perf_counter()
        file.seek(0)
        while file.read(len(_BLOCK)):
            pass
        return DiskSpeed(size / (written - began), size / (perf_counter() - written))
