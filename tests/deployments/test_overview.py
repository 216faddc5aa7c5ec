"""How the groups stand, given what ran."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deployments import overview
from deployments.cli import console
from deployments.diagnosis import Diagnosis
from deployments.overview import SILENT, Overview, WorkerStatus, standings
from deployments.server.address import Address
from flows.decisions.cadence import likely_outcome
from flows.decisions.choice import Decision
from flows.decisions.group_runs import Run
from flows.decisions.load import UNKNOWN, Load
from tasks.builtin.analysis.expected import Expected
from tasks.outcome import Outcome
from tests.flows.rhythms import rhythm

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
EARLY, LATE = NOON - timedelta(minutes=4), NOON - timedelta(minutes=2)
TWO: dict[str, dict[str, Any]] = {"first": {"every": "1h"}, "second": {"every": "1h", "after": ["first"]}}


@pytest.mark.parametrize(
    ("runs", "outcome"),
    [
        ([], Outcome.COMPLETED),
        ([Run(EARLY)], Outcome.COMPLETED),
        ([Run(EARLY, EARLY, Outcome.FAILED)], Outcome.FAILED),
        ([Run(EARLY, EARLY, Outcome.FAILED), Run(LATE)], Outcome.FAILED),
        ([Run(EARLY, EARLY, Outcome.FAILED), Run(LATE, LATE, Outcome.COMPLETED)], Outcome.COMPLETED),
        ([Run(LATE, LATE, Outcome.TIMED_OUT), Run(EARLY, EARLY, Outcome.COMPLETED)], Outcome.TIMED_OUT),
    ],
)
def test_a_group_is_expected_to_end_as_it_last_did_in_its_slot(runs: list[Run], outcome: Outcome) -> None:
    assert likely_outcome(runs) is outcome
    assert likely_outcome(runs[::-1]) is outcome


def test_what_depends_on_a_group_that_failed_in_this_slot_is_shown_as_waiting() -> None:
    settings = rhythm(groups=TWO)
    failed = Run(NOON, NOON + timedelta(seconds=1), Outcome.FAILED)

    ill = standings(
        settings, {"first": [failed], "second": []}, {"first": failed}, NOON + timedelta(minutes=5)
    )
    well = standings(settings, {"first": [], "second": []}, {}, NOON + timedelta(minutes=5))

    assert [group.choice.decision for group in ill] == [Decision.RUN, Decision.WAITS]
    assert [group.last for group in ill] == [failed, None]
    assert [group.choice.decision for group in well] == [Decision.RUN, Decision.RUN]


def test_what_is_paused_in_prefect_is_shown_as_paused_and_promises_no_time() -> None:
    settings = rhythm(groups=TWO)
    done = Run(NOON, NOON + timedelta(seconds=1), Outcome.COMPLETED)
    at = NOON + timedelta(minutes=5)
    state = Overview(
        at, settings.zone, None, standings(settings, {"first": [done], "second": []}, {}, at), None
    )
    paused = Diagnosis("its deployment is paused", "Resume it.", is_paused=True)

    shown = state.diagnosed(paused)

    assert [group.choice.decision for group in state.groups] == [Decision.NOT_DUE, Decision.RUN]
    assert [group.choice.decision for group in shown.groups] == [Decision.NOT_DUE, Decision.PAUSED]
    assert shown.groups[1].choice.reason == "its deployment is paused, in Prefect"
    assert [group.next_due for group in shown.groups] == [None, None]
    assert shown.to_json()["beats"] == {"come": False, "paused": True, "reason": "its deployment is paused"}


def test_without_beats_no_time_is_promised_and_what_is_due_stays_due() -> None:
    settings = rhythm(groups=TWO)
    state = Overview(
        NOON, settings.zone, None, standings(settings, {"first": [], "second": []}, {}, NOON), None
    )

    shown = state.diagnosed(Diagnosis("no worker is online", "Start one."))

    assert [group.choice.decision for group in shown.groups] == [Decision.RUN, Decision.RUN]
    assert [group.next_due for group in shown.groups] == [None, None]
    assert state.diagnosed(None) is state


@pytest.mark.parametrize(
    ("silent", "is_live"), [(SILENT - timedelta(seconds=1), True), (SILENT, False), (None, False)]
)
def test_a_worker_that_has_been_silent_is_taken_for_gone(silent: timedelta | None, is_live: bool) -> None:
    heard = NOON - silent if silent else None

    assert WorkerStatus("main", heard).is_live(NOON) is is_live


def test_without_a_server_a_group_that_ran_has_run_and_of_others_nothing_is_claimed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failed = Run(EARLY, LATE, Outcome.FAILED)

    found = overview.unknown(rhythm(groups=TWO), NOON, "no Prefect server answers", {"first": failed})
    console.show(found.table())

    first, second = capsys.readouterr().out.splitlines()[-3:-1]
    assert first.split()[1:3] == ["11:56:00", "failed"]
    assert second.split()[1:3] == ["–", "unknown"]
    assert found.groups[0].to_json(rhythm(groups=TWO).zone)["outcome"] == "failed"


def test_a_run_that_takes_longer_than_nine_of_ten_is_shown_as_late_at_once() -> None:
    settings = rhythm(groups=TWO)
    load = Load(durations={"first": Expected(40.0, 70.0)})

    def state(seconds: float, known: Load) -> Overview:
        running = Run(NOON)
        past, at = {"first": [running], "second": []}, NOON + timedelta(seconds=seconds)
        groups = standings(settings, past, {"first": running}, at, load=known)
        return Overview(at, settings.zone, Address("http://127.0.0.1:1/api", "its own"), groups, None)

    usual, late, unknown = state(60, load), state(71, load), state(7100, UNKNOWN)

    assert usual.groups[0].choice.reason == "running since 12:00, usually 40 s"
    assert late.groups[0].choice.reason == "running since 12:00, usually 40 s, 1 min 10 s at most"
    assert unknown.groups[0].choice.reason == "running since 12:00"
    assert [each.groups[0].to_json(settings.zone)["late"] for each in (usual, late, unknown)] == [
        False,
        True,
        False,
    ]
    outcomes = [each.table().rows[0][2] for each in (usual, late, unknown)]
    assert outcomes == ["running", "running (late)", "running"]
