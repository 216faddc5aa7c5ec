"""Beats and the load: what is measured, when, and what is decided by it. On a real Prefect server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows import clock, readings
from flows.decisions.choice import Decision
from flows.decisions.group_runs import Run
from flows.decisions.situation import Situation
from flows.group import GroupOptions, group_flow
from tasks.outcome import Outcome
from tasks.readings import meter
from tasks.readings.meter import Look
from tasks.readings.pressure import Waited
from tasks.settings import rhythm_toml as config
from tasks.store.measurements import Reading
from tasks.store.store import store_of
from tasks.store.version import FILE_NAME
from tests.conftest import MakeSettings
from tests.flows.test_rhythm import Beat, outcomes
from tests.flows.test_rhythm import beat as beat

HOUR = timedelta(hours=1)
STARTED = Look(0.0, (), 0.0, (), Waited(), 0)


class FakeMeter:
    """A meter of a machine of which others use as much as a test wants."""

    def __init__(self, others: float | None) -> None:
        self.others = others
        self.asked: list[str] = []
        self.mark: Path | None = None

    def look(self, outputs_dir: Path) -> Look:
        self.asked.append("look after the mark" if self.mark and self.mark.exists() else "look")
        return STARTED

    def since(self, first: Look, outputs_dir: Path, at: datetime) -> Reading:
        assert first is STARTED
        self.asked.append("since")
        return Reading(at, self.others, 1.0, 2**40, of_beat=True)

    def since_sample(self, outputs_dir: Path, at: datetime) -> Reading:
        self.asked.append("since_sample")
        return Reading(at, self.others, 1.0, 2**40, of_beat=True)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> FakeMeter:
    fake = FakeMeter(others=5.0)
    monkeypatch.setattr(meter, "METER", fake)
    monkeypatch.setattr(meter, "WATCHED", 0.0)
    return fake


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is about noon, so that what runs once a day may wait."""
    hours = 12 - clock.now().hour
    monkeypatch.setenv("RHYTHM_TIMEZONE", f"Etc/GMT{-hours:+d}")


def paced(name: str, more: str = "") -> str:
    return f"""
        [groups.{name}]
        every = "1d"
        wait_at_most = "23h"
        {more}
        steps = ["fine.py"]
    """


def stored(since: timedelta = HOUR) -> list[Reading]:
    with store_of(config.load()) as store:
        return store.readings(clock.now() - since)


async def test_a_group_waits_until_others_leave_enough_and_then_runs(
    beat: Beat, machine: FakeMeter, tmp_path: Path
) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    machine.others = 83.4
    report = await beat(paced("polite_one"))
    assert outcomes(report) == [Decision.DEFERRED]
    reason = report.groups[0].choice.reason
    assert reason.startswith("others use 83 % of the CPU; runs below 60 %, or at 23:00 at the latest")
    assert report.outcome == "completed"

    machine.others = 65.0  # not enough: it has been busy
    assert outcomes(await beat(paced("polite_one"))) == [Decision.DEFERRED]
    machine.others = 59.0
    assert outcomes(await beat(paced("polite_one"))) == [Outcome.COMPLETED]

    assert [reading.others for reading in stored()] == [83.4, 65.0, 59.0]
    assert all(reading.of_beat for reading in stored())
    with store_of(config.load()) as store:
        decided = [event.decision for event in store.decisions(clock.now() - HOUR)]
    assert decided == ["deferred", "deferred", "run"]


async def test_at_its_latest_time_a_group_runs_whatever_the_load(
    beat: Beat, machine: FakeMeter, tmp_path: Path
) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    machine.others = 100.0
    toml = paced("patient_one").replace("23h", "1m")
    assert outcomes(await beat(toml)) == [Outcome.COMPLETED]


async def test_nothing_is_waited_for_if_nothing_depends_on_it(
    beat: Beat, machine: FakeMeter, tmp_path: Path
) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    machine.others = 100.0
    toml = paced("calm_one").replace('wait_at_most = "23h"', "")
    assert outcomes(await beat(toml)) == [Outcome.COMPLETED]
    assert outcomes(await beat(paced("calm_one"))) == [Decision.NOT_DUE]
    assert outcomes(await beat(paced("calm_one"), force=["calm_one"])) == [Outcome.COMPLETED]
    assert machine.asked == ["since_sample"] * 3
    assert len(stored()) == 3


async def test_groups_before_one_that_may_wait_do_not_wait_for_the_reading(
    beat: Beat, machine: FakeMeter, tmp_path: Path
) -> None:
    (tmp_path / "scripts" / "marks.py").write_text("open('mark', 'w').close()")
    (tmp_path / "scripts" / "fine.py").write_text("")
    machine.others, machine.mark = 90.0, tmp_path / "scripts" / "mark"
    vital = '[groups.vital_one]\nevery = "10m"\npriority = "critical"\nsteps = ["marks.py"]\n'
    report = await beat(vital + paced("patient_two") + paced("patient_three"))
    assert outcomes(report) == [Outcome.COMPLETED, Decision.DEFERRED, Decision.DEFERRED]
    assert machine.asked == ["since_sample", "look after the mark", "since"]
    (reading,) = stored()
    assert reading.at == report.at


def test_a_group_of_another_lane_is_decided_by_the_load_before_anything_runs(
    make_settings: MakeSettings,
) -> None:
    def concerned(toml: str, **options: object) -> bool:
        return readings.concerns_lanes(replace(Situation(make_settings(toml), {}, clock.now()), **options))  # type: ignore[arg-type]

    beside = '[groups.beside]\nevery = "10m"\nlane = "long"\nsteps = ["fine.py"]\n'
    assert concerned(paced("a", 'lane = "long"'))
    assert concerned(paced("a") + beside)
    assert not concerned(paced("a"))
    assert not concerned(beside)
    assert not concerned(paced("a") + beside, apart=False)
    assert not concerned(paced("a") + beside, history={"beside": [Run(clock.now(), has_begun=True)]})


async def test_what_cannot_be_measured_defers_nothing(beat: Beat, machine: FakeMeter, tmp_path: Path) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    machine.others = None
    assert outcomes(await beat(paced("blind_one"))) == [Outcome.COMPLETED]
    assert machine.asked == ["since_sample", "look", "since"]


async def test_a_dry_run_shows_what_would_be_deferred_and_leaves_no_reading(
    beat: Beat, machine: FakeMeter, tmp_path: Path
) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    machine.others = 90.0
    assert outcomes(await beat(paced("dry_one"), dry_run=True)) == [Decision.DEFERRED]
    assert stored() == []


async def test_what_comes_after_a_deferred_group_waits_and_nothing_is_degraded(
    beat: Beat, machine: FakeMeter, tmp_path: Path
) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    machine.others = 90.0
    report = await beat(paced("before_one") + paced("later_one", 'after = ["before_one"]'))
    assert outcomes(report) == [Decision.DEFERRED, Decision.WAITS]
    assert "before_one is deferred (others use 90 %" in report.groups[1].choice.reason
    assert report.outcome == "completed"


async def test_what_a_beat_has_started_is_not_deferred_anew_when_its_lane_is_free(
    beat: Beat, machine: FakeMeter, tmp_path: Path
) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    machine.others = 90.0
    assert outcomes(await beat(paced("started_one"))) == [Decision.DEFERRED]
    state = await group_flow("started_one")(GroupOptions(if_due=True), return_state=True)
    assert state.name == "Completed"


# Burns the CPU until its standard input ends.
BURNER = """
import sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), __import__("os")._exit(0)), daemon=True).start()
while True:
    pass
"""


@contextmanager
def burning() -> Iterator[None]:
    """Burn all of the CPU in processes of our own meanwhile."""
    with ExitStack() as stack:
        for _ in range(os.cpu_count() or 1):
            process = subprocess.Popen([sys.executable, "-c", BURNER], stdin=subprocess.PIPE)  # noqa: S603 - our own
            stack.enter_context(process)
            stack.callback(process.kill)
        yield


@pytest.mark.real_windows("of every process it reports the CPU time of the one that asks")
async def test_what_rhythm_itself_uses_defers_nothing(beat: Beat, tmp_path: Path) -> None:
    """With a real meter: what this process has started is what a beat's scripts are.

    Whatever else the machine does meanwhile, it has to share with that.
    """
    (tmp_path / "scripts" / "fine.py").write_text("")
    with burning():
        report = await beat("[pacing]\nbusy_above = 90\n" + paced("own_one"))
    assert outcomes(report) == [Outcome.COMPLETED]
    (reading,) = stored()
    assert reading.own is not None
    assert reading.own > 10


def test_what_was_read_long_ago_or_before_the_clock_was_set_back_says_nothing_of_now(
    make_settings: MakeSettings,
) -> None:
    settings, now = make_settings(paced("a")), clock.now()
    old = Reading(now - readings.RECENT - timedelta(seconds=1), 90.0, of_beat=True)
    with store_of(settings) as store:
        store.add_readings([old, replace(old, at=old.at - HOUR), replace(old, at=now + HOUR)])
    assert len(readings.known(settings, now).readings) == 2
    assert readings.last_known(settings, now).readings == ()
    recent = replace(old, at=now - readings.RECENT)
    with store_of(settings) as store:
        store.add_readings([recent])
    found = readings.last_known(settings, now)
    assert found.readings[-1] == recent
    assert found.usual is not None
    assert found.usual(recent.at) == 90.0


def test_only_a_group_that_is_about_to_run_makes_a_beat_watch(make_settings: MakeSettings) -> None:
    now = clock.now()

    def depends(toml: str, **options: object) -> bool:
        return readings.depends_on_load(replace(Situation(make_settings(toml), {}, now), **options))  # type: ignore[arg-type]

    assert depends(paced("a"))
    assert depends(paced("a").replace('wait_at_most = "23h"', 'priority = "low"'))
    assert not depends(paced("a").replace('wait_at_most = "23h"', ""))
    assert not depends(paced("a"), force=["a"])
    assert not depends(paced("a"), held_by="another beat")
    assert not depends(paced("a", "enabled = false"))


async def test_a_store_that_cannot_be_read_is_no_reason_to_wait_or_to_fail(
    beat: Beat, machine: FakeMeter, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "scripts" / "fine.py").write_text("")
    (tmp_path / "outputs").mkdir(exist_ok=True)
    (tmp_path / "outputs" / FILE_NAME).write_bytes(b"this was never a database, " * 500)
    assert outcomes(await beat(paced("broken_one"))) == [Outcome.COMPLETED]
    assert "what the load was before is not known" in caplog.text
