"""The briefing: what stands in it, from an empty history to a bad day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.builtin.analysis.episodes import Episode, Trouble
from tasks.builtin.analysis.incidents import Incident
from tasks.builtin.analysis.series import DURATION, FIGURES, Subject
from tasks.builtin.contract import Context, Report
from tasks.builtin.generate_daily_briefing import main
from tasks.builtin.incidents import record
from tasks.outcome import Outcome, StepFailedError
from tasks.store.measurements import CPU, GroupEvent, Probe, Reading, Sample, StepUsage, Transition
from tasks.store.store import store_of
from tests.tasks.builtin.conftest import NOW, MakeContext


def ran(group: str, outcome: Outcome | None, seconds: float | None, minutes_ago: int = 60) -> GroupEvent:
    return GroupEvent(NOW - timedelta(minutes=minutes_ago), group, "run", "", outcome, seconds)


def waited(group: str, reason: str, decision: str = "waits") -> GroupEvent:
    return GroupEvent(NOW - timedelta(minutes=30), group, decision, reason)


def text_of(context: Context) -> str:
    return (context.settings.outputs_dir / "briefings" / "2026-03-04.md").read_text(encoding="utf-8")


def nothing(since: datetime) -> Sequence[GroupEvent]:
    return []


def section(text: str, title: str) -> str:
    return text.split(f"## {title}\n\n")[1].split("\n\n##")[0].strip()


def test_an_empty_history_reads_sensibly(make_context: MakeContext) -> None:
    context = make_context(events=nothing)
    assert main([], context) == "0 runs in 24 h; nothing ran in the last 24 hours"
    text = text_of(context)
    assert section(text, "Needs attention") == "- nothing ran in the last 24 hours"
    assert section(text, "Groups") == "Nothing ran in the last 24 hours."
    assert section(text, "Services") == "No service was asked."
    assert section(text, "Machine") == "Nothing was measured."


def test_a_good_day_needs_no_attention(make_context: MakeContext) -> None:
    context = make_context(events=lambda since: [ran("health_check", Outcome.COMPLETED, 2.0)])
    assert main([], context) == "1 runs in 24 h; nothing needs attention"
    assert section(text_of(context), "Needs attention") == "Nothing."


def test_a_failure_and_a_warning_have_their_reasons(make_context: MakeContext) -> None:
    failed = replace(ran("health_check", Outcome.FAILED, 2.0), fault="copy: exit code 3: no such host")
    warned = replace(ran("daily_routine", Outcome.COMPLETED, 2.0), fault="sync: exit code 24: vanished")
    context = make_context(events=lambda since: [failed, warned])
    main([], context)

    needs = section(text_of(context), "Needs attention")

    assert "exit code 3: no such host" in needs
    assert "warned in 1 of 1 runs: sync: exit code 24: vanished" in needs


def test_each_group_has_a_row_of_what_it_did_and_why_it_did_not(make_context: MakeContext) -> None:
    events = [
        ran("health_check", Outcome.COMPLETED, 2.0),
        ran("health_check", Outcome.FAILED, 4.0),
        ran("health_check", Outcome.TIMED_OUT, 9.0, minutes_ago=20),
        ran("health_check", None, None, minutes_ago=0),
        waited("daily_routine", "health_check failed"),
        waited("daily_routine", "health_check failed"),
        waited("daily_routine", "CPU 91 %", "deferred"),
        GroupEvent(NOW, "daily_routine", "not_due", "next at 03:00"),
    ]
    context = make_context(events=lambda since: events)
    main([], context)
    rows = section(text_of(context), "Groups").splitlines()
    assert rows[2:] == [
        "| health_check | 3 | 1 | 2 | 0 |  | 5.0 s | 9.0 s |",
        "| daily_routine | 0 | 0 | 0 | 3 | health_check failed | – | – |",
    ]
    attention = section(text_of(context), "Needs attention")
    assert "- health_check failed in 2 of 3 runs, last at 03-04 15:10" in attention
    assert "- daily_routine never ran; it waited 3 times, mostly: health_check failed" in attention


def test_names_and_reasons_do_not_break_the_table(make_context: MakeContext) -> None:
    events = [waited("odd_|_name_", "a|b\n<script>")]
    context = make_context(events=lambda since: events)
    main([], context)
    assert r"| odd\_\|\_name\_ | 0 | 0 | 0 | 1 | a\|b \<script\> |" in text_of(context)


def test_a_history_that_cannot_be_reached_is_said_and_the_rest_is_there(make_context: MakeContext) -> None:
    def unreachable(since: datetime) -> Sequence[GroupEvent]:
        raise ConnectionError("Prefect does not answer")

    context = make_context(events=unreachable)
    with store_of(context.settings) as store:
        store.add_samples([Sample(NOW - timedelta(hours=2), "cpu_percent", 12.0)])
    main([], context)
    text = text_of(context)
    assert "- the history could not be reached: Prefect does not answer" in text
    assert section(text, "Groups") == "The history could not be reached."
    assert "| CPU | 12 % | 12 % | 12 % |" in text


def test_services_and_machine_are_summed_up(make_context: MakeContext) -> None:
    context = make_context(events=nothing)
    with store_of(context.settings) as store:
        store.add_probes(
            [
                Probe("llm", NOW - timedelta(hours=3), False, None, "refused"),
                Probe("llm", NOW - timedelta(hours=2), True, 0.020),
                Probe("llm", NOW - timedelta(hours=1), True, 0.040),
                Probe("gateway", NOW - timedelta(hours=1), False, 0.1, "answered 503"),
                Probe("old", NOW - timedelta(hours=25), True, 0.1),
            ]
        )
        store.add_samples(
            Sample(NOW - timedelta(hours=hours), "memory_percent", value)
            for hours, value in ((3, 50.0), (2, 96.0), (1, 61.0))
        )
        store.add_transitions(
            [Transition("gateway", NOW - timedelta(hours=1), "closed", "open", "3 failures in a row", 60.0)]
        )
    main([], context)
    text = text_of(context)
    assert section(text, "Services").splitlines()[2:] == [
        "| gateway | down | 03-04 14:30 | 0.0% of 1 | – | – | open, opened 1 times |",
        "| llm | up | 03-04 14:30 | 66.7% of 3 | 30 ms | 39 ms | closed |",
    ]
    assert "| memory | 69 % | 96 % | 61 % |" in text
    assert section(text, "Needs attention").splitlines() == [
        "- gateway was down when last asked, at 03-04 14:30: answered 503",
        "- the breaker of gateway is open",
        "- llm answered only 66.7% of 3 requests",
        "- nothing ran in the last 24 hours",
        "- memory reached 96 %",
    ]


def test_without_a_server_the_store_reports_runs_and_always_waits(
    make_context: MakeContext,
) -> None:
    def unreachable(since: datetime) -> Sequence[GroupEvent]:
        raise ConnectionError("Prefect does not answer")

    kept = [ran("health_check", Outcome.COMPLETED, 2.0), waited("daily_routine", "health_check failed")]
    context = make_context(events=unreachable)
    with store_of(context.settings) as store:
        store.add_decisions(kept)
    assert main([], context).startswith("1 runs in 24 h; daily_routine never ran")
    assert "could not be reached" not in text_of(context)

    crashed = replace(context, events=lambda since: [ran("health_check", Outcome.CRASHED, 1.0)])
    main([], crashed)
    assert section(text_of(crashed), "Groups").splitlines()[2:] == [
        "| health_check | 1 | 0 | 1 | 0 |  | 1.0 s | 1.0 s |",
        "| daily_routine | 0 | 0 | 0 | 1 | health_check failed | – | – |",
    ]


def test_a_server_that_remembers_nothing_hides_nothing(make_context: MakeContext) -> None:
    context = make_context(events=nothing)
    with store_of(context.settings) as store:
        store.add_decisions(ran("health_check", Outcome.COMPLETED, 2.0, hours * 60) for hours in (1, 2, 3))
    assert main([], context) == "3 runs in 24 h; nothing needs attention"


def used(days_ago: float, seconds: float, **more: Any) -> StepUsage:
    values: dict[str, Any] = {
        "at": NOW - timedelta(days=days_ago),
        "group": "daily_routine",
        "step": "backup",
        "attempt": 1,
        "outcome": Outcome.COMPLETED,
        "seconds": seconds,
        "cpu_seconds": 1.5,
        "peak_memory": 2**20,
    }
    return StepUsage(**{**values, **more})


def test_steps_are_reported_with_what_they_cost_and_what_is_usual(make_context: MakeContext) -> None:
    context = make_context(events=nothing)
    with store_of(context.settings) as store:
        store.add_steps(used(days, 40.0) for days in (2, 3, 4))
        store.add_steps(
            [
                used(0.2, 100.0, outcome=Outcome.FAILED),
                used(0.1, 140.0, attempt=2, peak_memory=3 * 2**20),
                used(0.1, 0.0, step="gone", outcome=Outcome.SKIPPED),
            ]
        )
    main([], context)
    text = text_of(context)
    assert section(text, "Steps").splitlines()[2:] == [
        "| daily_routine / backup | 2 | 1 | 1 | 120.0 s | 40.0 s | 140.0 s | 3.0 s | 3.0 MiB |"
    ]
    assert "- daily_routine / backup took 120.0 s, 3.0 times its usual 40.0 s" in text


def test_what_takes_longer_each_day_is_announced_before_it_is_too_long(make_context: MakeContext) -> None:
    context = make_context(events=nothing)
    runs = [
        GroupEvent(NOW - timedelta(days=day), "health_check", "run", "", Outcome.COMPLETED, 580.0 - 8 * day)
        for day in range(20)
    ]
    with store_of(context.settings) as store:
        store.add_decisions(runs)
    main([], context)

    attention = section(text_of(context), "Needs attention")
    assert "- health_check takes 8.0 s longer each day, and outgrows its interval, 10m, around" in attention


def test_a_day_unlike_those_before_is_reported(make_context: MakeContext) -> None:
    context = make_context(events=nothing)
    with store_of(context.settings) as store:
        for hours in range(8 * 24):
            at = NOW - timedelta(hours=hours, minutes=5)
            store.add_samples([Sample(at, "cpu_percent", 65.0 if hours < 24 else 20.0 + hours // 24)])
            store.add_probes([Probe("llm", at, True, 0.02)])
    main([], context)
    attention = section(text_of(context), "Needs attention")
    assert "- CPU was more than usual: 65 instead of 24" in attention
    assert "latency of llm" not in attention


def test_an_incident_is_shown_once_and_not_again_for_its_members(make_context: MakeContext) -> None:
    context = make_context(events=nothing)
    start = NOW - timedelta(hours=2)
    troubles = [
        (Subject("daily_routine / backup", "step/daily_routine/backup", DURATION), 140.0, 40.0),
        (FIGURES[CPU], 95.0, 21.0),
    ]
    members = tuple(
        Episode(of, (Trouble(start, start, value, usual, is_news=True),)) for of, value, usual in troubles
    )
    record.write(context.settings.outputs_dir, [Incident(members)], NOW)
    with store_of(context.settings) as store:
        store.add_steps([*(used(days, 40.0) for days in (2, 3, 4)), used(0.1, 140.0)])
        for hours in range(8 * 24):
            at = NOW - timedelta(hours=hours, minutes=5)
            store.add_samples([Sample(at, CPU, 65.0 if hours < 24 else 20.0 + hours // 24)])

    main([], context)

    assert section(text_of(context), "Needs attention").splitlines()[1:] == [
        "- 03-04 13:30: daily_routine / backup took 2 min 20 s, usually 40 s; then the CPU was used to 95 %, "
        "usually 21 %"
    ]


def test_it_is_an_artifact_by_itself_and_what_needs_attention_is_in_its_groups(
    make_context: MakeContext,
) -> None:
    published: list[Report] = []
    context = replace(make_context(events=nothing), publish=published.append)
    main([], context)
    assert [(report.key, report.text) for report in published] == [
        ("daily-briefing", text_of(context)),
        ("", "## Briefing\n\n- nothing ran in the last 24 hours"),
    ]


def test_the_memory_is_asked_for_as_many_hours_as_requested(make_context: MakeContext) -> None:
    asked: list[datetime] = []

    def events(since: datetime) -> Sequence[GroupEvent]:
        asked.append(since)
        return []

    main(["--hours", "48"], make_context(events=events))
    assert asked == [NOW - timedelta(hours=48)]


def test_a_day_of_the_clock_change_has_its_24_hours(make_context: MakeContext) -> None:
    asked: list[datetime] = []
    now = NOW.replace(month=3, day=29, hour=12)  # clocks went forward at 02:00

    def events(since: datetime) -> Sequence[GroupEvent]:
        asked.append(since)
        return []

    main([], make_context(events=events, now=now))
    assert now.timestamp() - asked[0].timestamp() == 24 * 3600


def test_a_second_briefing_of_the_day_replaces_the_first(make_context: MakeContext) -> None:
    main([], make_context(events=nothing))
    context = make_context(events=lambda since: [ran("health_check", Outcome.COMPLETED, 2.0)])
    main([], context)
    assert "Nothing ran" not in text_of(context)
    assert [path.name for path in (context.settings.outputs_dir / "briefings").iterdir()] == ["2026-03-04.md"]


def test_print_logs_the_briefing(make_context: MakeContext, caplog: pytest.LogCaptureFixture) -> None:
    context = make_context(events=nothing)
    main(["--print"], context)
    assert text_of(context) in caplog.text


def test_a_corrupt_store_is_said_and_the_groups_are_there(make_context: MakeContext) -> None:
    context = make_context(events=lambda since: [ran("health_check", Outcome.COMPLETED, 2.0)])
    context.settings.outputs_dir.mkdir()
    (context.settings.outputs_dir / "rhythm.db").write_bytes(b"not a database at all" * 100)
    main([], context)
    text = text_of(context)
    assert "- the measurements could not be read:" in text
    assert "| health_check | 1 | 1 | 0 | 0 |" in text


def test_a_folder_that_cannot_be_written_fails_the_step(make_context: MakeContext, blocked: Path) -> None:
    with pytest.raises(StepFailedError, match=r"2026-03-04\.md cannot be written .*outputs_dir"):
        main([], make_context(events=nothing, outputs_dir=blocked))


def test_a_group_that_had_better_wait_for_a_quieter_time_is_named(make_context: MakeContext) -> None:
    context = make_context(events=nothing)
    nights = [NOW.replace(hour=3, minute=0) - timedelta(days=ago) for ago in range(10, 0, -1)]
    with store_of(context.settings) as store:
        store.add_decisions(
            GroupEvent(night, "daily_routine", "run", "", Outcome.COMPLETED, 600.0) for night in nights
        )
        store.add_readings(
            Reading(night + timedelta(minutes=5 * n), 90.0 if n < 16 else 10.0)
            for night in nights
            for n in range(60)
        )
    main([], context)
    assert section(text_of(context), "Quieter times").startswith("- deferring daily_routine to 04:20 ")
