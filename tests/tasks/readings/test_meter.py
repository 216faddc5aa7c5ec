"""How much is in use between two looks: by others, by Rhythm, and what had to wait."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.readings.meter import Core, Look, Meter, between
from tasks.readings.pressure import Waited, waited
from tasks.store.measurements import Reading

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
FIRST = Look(100.0, (Core(20.0, 500.0), Core(30.0, 500.0)), 10.0, (7,), Waited(1.0, 2.0, 3.0), 5_000)
#: After 10 seconds, 20 of 40 CPU seconds were used, 5 of them by Rhythm.
LAST = Look(110.0, (Core(25.0, 520.0), Core(45.0, 520.0)), 15.0, (7,), Waited(2.0, 4.0, 3.0), 25_000)


def of(first: Look | None, last: Look) -> Reading:
    return between(first, last, NOON, 2**30, of_beat=True)


def test_own_use_is_none_of_others() -> None:
    reading = of(FIRST, LAST)
    assert reading == Reading(NOON, 37.5, 12.5, 2**30, 10.0, 20.0, 0.0, 2_000.0, of_beat=True)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (None, LAST),
        (LAST, LAST),
        (LAST, FIRST),
    ],
)
def test_by_one_look_only_the_memory_is_known(first: Look | None, last: Look) -> None:
    assert of(first, last) == Reading(NOON, memory_available=2**30, of_beat=True)


@pytest.mark.parametrize("change", [{"own": None}, {"roots": (7, 8)}])
def test_where_own_use_is_not_known_others_is_not_either(change: dict[str, object]) -> None:
    reading = of(FIRST, replace(LAST, **change))  # type: ignore[arg-type]
    assert (reading.others, reading.own) == (None, None)
    assert reading.cpu_pressure == 10.0


def test_what_the_system_does_not_count_is_not_made_up() -> None:
    reading = of(FIRST, replace(LAST, waited=Waited(), moved=None))
    assert (reading.cpu_pressure, reading.disk_pressure, reading.memory_pressure, reading.network) == (
        None,
    ) * 4


def test_a_counter_that_has_begun_anew_says_nothing() -> None:
    assert of(FIRST, replace(LAST, moved=17)).network is None


figures = st.floats(0, 1e6)


@given(figures, figures, figures, figures, figures)
def test_all_together_is_never_more_than_the_machine_has(
    busy: float, total: float, own: float, cpu: float, disk: float
) -> None:
    last = Look(110.0, (Core(busy, total),), own, (7,), Waited(cpu, disk, 3.0), 25_000)
    reading = of(FIRST, last)
    for figure in (reading.others, reading.own, reading.cpu_pressure, reading.disk_pressure):
        assert figure is None or 0 <= figure <= 100
    assert (reading.others or 0) + (reading.own or 0) <= 100 + 1e-6


@given(st.floats(0, 1), st.floats(0, 1))
def test_others_use_is_the_same_however_much_rhythm_uses(others: float, own: float) -> None:
    mine = own * (1 - others) * 40
    last = replace(LAST, cores=(Core(50 + others * 40 + mine, 1040.0),), own=10.0 + mine)
    found = of(FIRST, last).others
    assert found == pytest.approx(100 * others, abs=1e-6)


class NoUse:
    def cpu_seconds(self, roots: Collection[int]) -> float | None:
        return 0.0


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_samples_follow_each_other_and_a_beat_has_what_is_since_the_last_one(tmp_path: Path) -> None:
    time = Time()
    meter = Meter(NoUse(), lambda folder: (1,), time)
    assert meter.sample(tmp_path, NOON).cpu_pressure is None
    assert meter.since_sample(tmp_path, NOON).network is None
    time.now = 60.0
    assert meter.since_sample(tmp_path, NOON).of_beat
    assert meter.since_sample(tmp_path, NOON).network is not None
    assert not meter.sample(tmp_path, NOON).of_beat


def test_a_sample_of_just_now_is_too_near_to_measure_from(tmp_path: Path) -> None:
    time = Time()
    meter = Meter(NoUse(), lambda folder: (1,), time)
    meter.sample(tmp_path, NOON)
    time.now = 0.5
    assert meter.since_sample(tmp_path, NOON).network is None
    time.now = 60.0
    meter.sample(tmp_path, NOON)
    time.now = 60.5  # it goes by the one before
    assert meter.since_sample(tmp_path, NOON).network is not None


def test_cores_have_their_use_since_a_sample_that_is_not_of_just_now(tmp_path: Path) -> None:
    time = Time()
    meter = Meter(NoUse(), lambda folder: (1,), time)
    assert meter.cores() == ()
    meter.sample(tmp_path, NOON)
    assert meter.cores() == ()
    time.now = 60.0
    assert len(meter.cores()) == psutil.cpu_count()
    assert all(0 <= use <= 100 for use in meter.cores())


def test_a_machine_that_reports_nothing_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise PermissionError("/proc/stat")

    for name in ("cpu_times", "net_io_counters", "virtual_memory", "disk_io_counters"):
        monkeypatch.setattr(psutil, name, refuse)
    time = Time()
    meter = Meter(NoUse(), lambda folder: (1,), time)
    meter.sample(tmp_path, NOON)
    time.now = 60.0
    reading = meter.sample(tmp_path, NOON)
    assert (reading.others, reading.own, reading.memory_available, reading.network) == (None,) * 4
    assert meter.cores() == ()


def test_pressure_is_what_at_least_one_task_waited(tmp_path: Path) -> None:
    for name in ("cpu", "io"):
        (tmp_path / name).write_text(
            "some avg10=5.70 avg60=4.77 avg300=3.79 total=80124471\n"
            "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
        )
    assert waited(tmp_path) == Waited(80.124471, 80.124471, None)


def test_without_pressure_stall_information_disks_have_their_busy_time(tmp_path: Path) -> None:
    found = waited(tmp_path / "missing")
    assert (found.cpu, found.memory) == (None, None)
    assert found.disk is None or found.disk >= 0
