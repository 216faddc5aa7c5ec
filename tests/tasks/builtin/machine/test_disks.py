"""Which disks are looked at, and what happens with one that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tasks.builtin.machine.disks import fixed, read_disks, usage


@dataclass
class Partition:
    device: str
    mountpoint: str
    fstype: str = "ext4"
    opts: str = "rw"


@pytest.mark.parametrize(
    "partition",
    [
        Partition("/dev/loop3", "/snap/core", "squashfs", "ro,nodev,relatime"),
        Partition("/dev/sr0", "/media/cdrom", "iso9660", "ro"),
        Partition("/dev/disk4s1", "/Volumes/Installer", "hfs", "ro,nosuid"),
        Partition("D:\\", "D:\\", "UDF", "rw,cdrom"),
        Partition("D:\\", "D:\\", "", "cdrom"),
        Partition("E:\\", "E:\\", "FAT32", "rw,removable"),
        Partition("Z:\\", "Z:\\", "NTFS", "rw,remote"),
    ],
    ids=lambda partition: partition.mountpoint,
)
def test_what_cannot_fill_up_or_is_not_fixed_is_left_out(partition: Partition) -> None:
    assert fixed([partition, Partition("C:\\", "C:\\", "NTFS", "rw,fixed")]) == ["C:\\"]


def test_a_device_that_is_mounted_twice_is_read_once_by_its_shortest_name() -> None:
    partitions = [
        Partition("/dev/sda1", "/etc/hosts"),
        Partition("/dev/sda1", "/"),
        Partition("/dev/sdb", "/home"),
    ]
    assert fixed(partitions) == ["/", "/home"]


def test_a_disk_that_cannot_be_read_is_reported_and_the_others_are_read(tmp_path: Path) -> None:
    gone = tmp_path / "unplugged"
    reading = usage([str(gone), str(tmp_path)])
    assert [disk.mount for disk in reading.disks] == [str(tmp_path)]
    assert len(reading.unreadable) == 1
    assert f"disk {gone} cannot be read" in reading.unreadable[0]


def test_this_machines_disks_have_sensible_figures() -> None:
    for disk in read_disks().disks:
        assert 0 <= disk.percent <= 100
        assert disk.free >= 0
