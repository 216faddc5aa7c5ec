"""How full the disks are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import psutil

from tasks.store.measurements import Sample, disk_sample


@dataclass(frozen=True, slots=True)
class Disk:
    """A partition: where it is mounted, how full it is (0 to 100), and its free bytes."""

    mount: str
    percent: float
    free: int


@dataclass(frozen=True, slots=True)
class DiskReading:
    """The disks that could be read, and for each that could not a sentence that says why."""

    disks: tuple[Disk, ...]
    unreadable: tuple[str, ...] = ()

    def samples(self, at: datetime) -> Iterator[Sample]:
        """The disks as samples, for the store."""
        for disk in self.disks:
            yield Sample(at, disk_sample(disk.mount), disk.percent)


class Partition(Protocol):
    """What psutil reports of a partition."""

    @property
    def device(self) -> str: ...
    @property
    def mountpoint(self) -> str: ...
    @property
    def fstype(self) -> str: ...
    @property
    def opts(self) -> str: ...


def read_disks() -> DiskReading:
    """Read every fixed local disk. Network shares are never asked: a dead one answers after minutes."""
    return usage(fixed(psutil.disk_partitions(all=False)))


def fixed(partitions: Iterable[Partition]) -> list[str]:
    """Given partitions, return where those are mounted that can fill up, each device once.

    Left out are read-only ones (snaps, CDs, disk images), which are always full, removable ones, and
    drives with nothing in them.
    """
    mounts: dict[str, str] = {}
    for partition in partitions:
        options = partition.opts.split(",")
        if not partition.fstype or not {"ro", "cdrom", "removable", "remote"}.isdisjoint(options):
            continue
        known = mounts.setdefault(partition.device, partition.mountpoint)
        # The same device mounted again (a bind mount, a subvolume): its shortest name is the clearest.
        mounts[partition.device] = min(known, partition.mountpoint, key=len)
    return list(mounts.values())


def usage(mounts: Iterable[str]) -> DiskReading:
    """Given mount points, return how full each is."""
    disks, unreadable = [], []
    for mount in mounts:
        try:
            found = psutil.disk_usage(mount)
        except OSError as error:
            unreadable.append(f"disk {mount} cannot be read ({error.strerror})")
        else:
            disks.append(Disk(mount, found.percent, found.free))
    return DiskReading(tuple(disks), tuple(unreadable))
