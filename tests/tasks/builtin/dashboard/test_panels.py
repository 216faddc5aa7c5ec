"""The parts of the page, before they are HTML: stretches, beats, gaps, axes."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import altair as alt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.dashboard import latency, timeline, trends
from tasks.builtin.dashboard.data import Past
from tasks.builtin.dashboard.essence import essence
from tasks.builtin.dashboard.layers import Point, alone, with_gaps
from tasks.builtin.dashboard.machine import beats_of
from tasks.builtin.dashboard.page import panels
from tasks.builtin.dashboard.panel import Link, Panel
from tasks.outcome import Outcome
from tasks.store.measurements import GroupEvent, Probe, Reading, StepUsage, Transition
from tasks.store.store import Store
from tests.tasks.builtin.dashboard.conftest import NOW, MakePast


def event(minutes_ago: float, decision: str = "run", group: str = "health_check") -> GroupEvent:
    outcome = Outcome.COMPLETED if decision == "run" else None
    seconds = 5.0 if decision == "run" else None
    return GroupEvent(NOW - timedelta(minutes=minutes_ago), group, decision, "because", outcome, seconds)


def test_waits_of_one_kind_are_one_stretch_until_the_group_runs_or_time_goes_by() -> None:
    events = [
        *(event(minutes, "waits") for minutes in (90, 85, 80)),
        event(75),
        event(70, "waits"),
        event(65, "busy"),
        event(20, "busy"),
        event(20, "waits", "daily_routine"),
    ]

    waits = sorted(timeline.merged_waits(events), key=lambda wait: (wait.start, wait.group))

    assert [(wait.group, wait.decision, wait.times) for wait in waits] == [
        ("health_check", "waits", 3),
        ("health_check", "waits", 1),
        ("health_check", "busy", 1),
        ("daily_routine", "waits", 1),
        ("health_check", "busy", 1),
    ]
    assert waits[0].end - waits[0].start == timedelta(minutes=10)


@pytest.mark.parametrize("is_served", [True, False])
def test_runs_lead_to_their_pages_in_prefects_ui_where_that_serves_the_dashboard(
    is_served: bool, make_past: MakePast
) -> None:
    known, unknown = replace(event(10), run_id="a1b2"), event(20)
    past = make_past(lambda store: store.add_decisions([known, unknown]))

    panel, *_ = panels(past, essence(past), is_served=is_served)

    at = [row[0] for row in panel.tables[-1].rows]
    page = "/runs/flow-run/a1b2"
    assert [cell.path for cell in at if isinstance(cell, Link)] == ([page] if is_served else [])
    spec = panel.figures[0].spec
    assert spec
    drawn = [row for rows in spec["datasets"].values() for row in rows]
    assert [row["href"] for row in drawn if "href" in row] == ([page] if is_served else [])


def test_groups_that_run_one_after_another_are_one_beat() -> None:
    first, second, third = event(10), event(9.9, group="daily_routine"), event(5)
    failed = replace(second, outcome=Outcome.FAILED)

    beats = list(beats_of([first, event(10, "waits"), failed, third]))

    assert [(beat.groups, beat.failed) for beat in beats] == [
        (("health_check", "daily_routine"), True),
        (("health_check",), False),
    ]


def test_a_line_is_broken_where_nothing_was_measured() -> None:
    points = [Point(place, 1.0) for place in (0, 10, 20, 100, 110)]

    assert [point.mean for point in with_gaps(points)] == [1.0, 1.0, 1.0, None, 1.0, 1.0]
    assert with_gaps(points[:3]) == points[:3]
    assert with_gaps(points[:1]) == points[:1]


def test_a_value_between_two_gaps_is_a_dot() -> None:
    first, gap, second, third, last = points = [
        Point(0, 1.0),
        Point(10, None),
        Point(20, 2.0),
        Point(30, 3.0),
        Point(40, None),
    ]

    assert alone(points) == [first]
    assert alone([gap, second, last, third]) == [second, third]
    assert alone([]) == []


def test_a_breaker_is_what_it_was_before_until_it_changes(make_past: MakePast) -> None:
    at = NOW - timedelta(hours=2)

    def write(store: Store) -> None:
        store.add_probes([Probe("llm", at, True, 0.1), Probe("gateway", at, True, 0.1)])
        store.add_transitions(
            [
                Transition("gateway", NOW - timedelta(days=2), "closed", "open", "3 failures", 60),
                Transition("llm", at, "half_open", "open", "failed its trial", 120),
                Transition("llm", at + timedelta(hours=1), "open", "closed", "2 good answers", 0),
            ]
        )

    past = make_past(write)

    states = [(stretch.state, stretch.reason) for stretch in latency.stretches(past, "llm")]
    assert states == [("half_open", ""), ("open", "failed its trial"), ("closed", "2 good answers")]
    assert [stretch.state for stretch in latency.stretches(past, "gateway")] == ["open"]
    assert [stretch.state for stretch in latency.stretches(past, "never asked")] == ["closed"]


@given(st.floats(0.01, 1e5), st.floats(1.5, 1e6))
def test_the_words_beside_a_latency_never_touch_each_other(floor: float, times: float) -> None:
    places = [
        math.log(value / floor) / math.log(times) for value in latency.round_values(floor, floor * times)
    ]

    assert places == sorted(places)
    assert all(after - before >= 24 / 140 - 1e-9 for before, after in pairwise(places))


def panel_of(past: Past, name: str) -> Panel:
    return next(panel for panel in panels(past, essence(past)) if panel.name == name)


def test_more_runs_than_there_is_room_for_lose_those_that_went_well(make_past: MakePast) -> None:
    failed = replace(event(1439), outcome=Outcome.FAILED)
    events = [failed, *(event(1400 - number) for number in range(1200))]

    panel = panel_of(make_past(lambda store: store.add_decisions(events)), "beats")

    assert "201 runs that went well are left out" in panel.lead
    (figure,) = panel.figures
    drawn = [row["look"] for row in dict(figure.spec or {})["datasets"]["rows 3"]]
    assert (len(drawn), drawn.count("failed")) == (1000, 1)


def test_two_steps_of_one_name_are_told_apart_by_their_groups(make_past: MakePast) -> None:
    at = NOW - timedelta(hours=1)
    usages = [
        StepUsage(at, group, "backup.py", 1, Outcome.COMPLETED, seconds, None, None)
        for group, seconds in (("health_check", 1.0), ("daily_routine", 9.0))
    ]

    panel = panel_of(make_past(lambda store: store.add_steps(usages)), "steps")

    assert panel.figures[0].description == "backup.py (daily_routine): 9.0 s; backup.py (health_check): 1.0 s"
    assert panel.figures[1].description == "No data yet: CPU time of steps could not be measured."


def test_what_keeps_a_group_from_running_now_is_read_with_its_reason_and_latest_time(
    make_past: MakePast,
) -> None:
    reason = "others use 83 % of the CPU; runs below 60 %, or at 16:30 at the latest"
    deferred = GroupEvent(NOW - timedelta(minutes=5), "daily_routine", "deferred", reason)
    events = [event(20, "paused"), event(10, "not_due"), deferred]

    past = make_past(lambda store: store.add_decisions(events))

    panel = panel_of(past, "beats")
    assert panel.notes == [f"daily_routine: deferred: {reason}"]
    assert [sign.label for sign in panel.signs] == ["deferred", "paused"]
    assert [digest.waits for digest in essence(past).groups] == [0, 1]  # a pause is nobody's trouble


@pytest.mark.parametrize(("busy_above", "limits"), [(70.0, [70.0]), (0.0, [])])
def test_the_load_is_drawn_with_the_limit_that_defers(
    busy_above: float, limits: list[float], make_past: MakePast
) -> None:
    readings = [Reading(NOW - timedelta(minutes=30), 83.0, 4.0, 9 * 2**30, of_beat=True)]
    past = make_past(lambda store: store.add_readings(readings))
    pacing = past.settings.pacing.model_copy(update={"busy_above": busy_above})
    past = replace(past, settings=past.settings.model_copy(update={"pacing": pacing}))

    panel = panel_of(past, "load")

    assert [figure.description for figure in panel.figures] == [
        "others: mean 83 %, highest 83 % at 15:00; Rhythm and its scripts: mean 4.0 %",
        "mean 9.0 GiB, lowest 9.0 GiB at 15:00",
    ]
    rows = dict(panel.figures[0].spec or {})["datasets"].values()
    assert [row["mean"] for each in rows for row in each if "x" not in row] == limits
    assert panel.tables[0].rows[-4] == (
        "15:00–15:07",
        "83 %, up to 83 %",
        "4.0 %",
        "9.0 GiB, down to 9.0 GiB",
    )


def test_expected_durations_are_those_that_plan_and_status_name(make_past: MakePast) -> None:
    runs = [replace(event(minutes), seconds=40.0) for minutes in range(200, 20, -10)]
    runs[5] = replace(runs[5], seconds=70.0)
    runs[6] = replace(runs[6], seconds=70.0)

    panel = panel_of(make_past(lambda store: store.add_decisions(runs)), "durations")

    assert panel.figures[0].description == "health_check: usually 40 s, 1 min 10 s at most"
    assert panel.tables[0].rows == [("health_check", "40 s", "1 min 10 s", "18 runs")]


def test_what_outgrows_its_interval_needs_attention_with_its_date(make_past: MakePast) -> None:
    runs = [
        replace(event(1440 * day + 60), seconds=540.0 - 12.0 * day, outcome=Outcome.COMPLETED)
        for day in range(20, -1, -1)
    ]

    past = make_past(lambda store: store.add_decisions(runs))

    sentence = "health_check takes 12 s longer each day, and outgrows its interval, 10m, around"
    (note,) = [note for note in panel_of(past, "durations").notes if note.startswith(sentence)]
    assert note.endswith("Find what grows, let it run less often, or give it a lane of its own.")
    assert any(note.startswith(reason.text) for reason in essence(past).attention)


def test_every_endpoint_is_in_the_table_however_many_there_are(make_past: MakePast) -> None:
    at = NOW - timedelta(hours=1)
    probes = [Probe(f"service {number:02}", at, number > 0, 0.1) for number in range(20)]

    panel = panel_of(make_past(lambda store: store.add_probes(probes)), "latency")

    assert [figure.title for figure in panel.figures] == [f"service {number:02}" for number in range(8)]
    assert "12 more are in the table" in panel.lead
    assert len(panel.tables[0].rows) == 20


def test_every_chart_is_what_vega_lite_takes(week: Past) -> None:
    """Altair's own check, which the step leaves out because it is slow."""
    specs = [figure.spec for panel in panels(week, essence(week)) for figure in panel.figures]

    assert len(specs) == 18
    for spec in specs:
        assert spec is not None
        alt.LayerChart.from_dict({**spec})


@pytest.mark.parametrize("count", [1, 2, 7, 30, 91])
def test_the_words_below_the_days_leave_room_for_each_other(count: int) -> None:
    calendar = trends.Calendar(NOW.date(), count)
    axis: Any = calendar.x().to_dict()
    days = axis["axis"]["values"]

    assert 1 <= len(days) <= 7
    assert max(days) == count - 1
