"""Reading the real machine gives figures that can be."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks.builtin.machine.benchmark import cpu_hashes_per_second, disk_speed
from tasks.builtin.machine.vitals import MachineReading, rates, read_machine
from tasks.store.measurements import Sample

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def test_a_reading_has_figures_that_can_be() -> None:
    reading = read_machine(0.1)
    assert 0 <= reading.cpu_percent <= 100
    assert 0 < reading.memory_percent <= 100
    assert reading.memory_available > 0
    assert (reading.load is None) == (sys.platform == "win32")


def test_what_the_system_does_not_report_is_no_sample() -> None:
    reading = MachineReading(1.0, 2.0, 3, swap_percent=None, load=None)
    assert {sample.name: sample.value for sample in reading.samples(NOW)} == {
        "cpu_percent": 1.0,
        "memory_percent": 2.0,
    }


def test_the_cpu_does_some_hashes() -> None:
    assert cpu_hashes_per_second() > 0


def test_the_disk_writes_and_reads_and_nothing_is_left_behind(tmp_path: Path) -> None:
    speed = disk_speed(tmp_path / "new")
    assert speed.written > 0
    assert speed.read > 0
    assert list((tmp_path / "new").iterdir()) == []


def test_a_folder_that_cannot_be_made_has_no_speed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(OSError, match="file"):
        disk_speed(tmp_path / "file" / "folder")


def test_rates_are_what_counters_have_grown_by() -> None:
    hour = NOW + timedelta(hours=1)
    before = {"network_bytes_sent": Sample(NOW, "network_bytes_sent", 1000.0)}
    grown = [Sample(hour, "network_bytes_sent", 4600.0), Sample(hour, "disk_bytes_read", 5.0)]
    assert list(rates(grown, before)) == [Sample(hour, "network_sent_bytes_per_second", 1.0)]


def test_a_counter_that_has_begun_anew_has_no_rate() -> None:
    before = {"network_bytes_sent": Sample(NOW, "network_bytes_sent", 1000.0)}
    assert list(rates([Sample(NOW + timedelta(hours=1), "network_bytes_sent", 10.0)], before)) == []
