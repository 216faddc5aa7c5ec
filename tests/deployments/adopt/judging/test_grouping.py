"""Which group a job belongs to."""

from __future__ import annotations

import pytest

from deployments.adopt.job import Job, Kind, Trigger
from deployments.adopt.judging.grouping import group_of, words
from deployments.adopt.judging.services import is_service


def job(
    name: str, every: float | None = None, *, kind: Kind = Kind.INTERVAL, text: str = "", **more: object
) -> Job:
    trigger = Trigger(kind, every if kind is Kind.INTERVAL else None)
    return Job("x", name, "python", f"/s/{name}.py", triggers=(trigger,), text=text, **more)  # type: ignore[arg-type]


# What the user has said of their own tasks.
@pytest.mark.parametrize("every", [5, 10, 15, 30])
@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("llm_monitor", "health_check"),
        ("watchdog", "health_check"),
        ("performance_monitor", "performance_analysis"),
        ("dashboard_autoupdate", "performance_analysis"),
        ("metrics_collector", "performance_analysis"),
        ("autonomous_work_worker", "system_maintenance"),
        ("ai_ops_manager", "system_maintenance"),
        ("context_rhythm", "daily_routine"),
        ("auto_resume", "daily_routine"),
        ("morning_kickoff", "daily_routine"),
        ("check_health", "health_check"),
        ("circuit_breaker_router", "health_check"),
        ("auto_restart_local_llm", "health_check"),
        ("save_performance_benchmark", "performance_analysis"),
        ("analyze_performance_trends", "performance_analysis"),
        ("adaptive_routing_optimizer", "performance_analysis"),
        ("cleanup_processes", "system_maintenance"),
        ("collect_system_metrics", "system_maintenance"),
        ("generate_daily_briefing", "daily_routine"),
        ("generate_visual_dashboard", "daily_routine"),
        ("analyze_latency_spikes", "event_analysis"),
        ("analyze_replan_patterns", "event_analysis"),
    ],
)
def test_jobs_are_placed_as_the_user_has_placed_them(name: str, group: str, every: float) -> None:
    assert group_of(job(name, every)) == group


@pytest.mark.parametrize("name", ["context_rhythm", "auto_resume", "morning_kickoff", "watchdog"])
@pytest.mark.parametrize("kind", [Kind.LOGON, Kind.STARTUP, Kind.EVENT])
def test_what_no_clock_sets_off_goes_by_its_name(name: str, kind: Kind) -> None:
    assert group_of(job(name, kind=kind)) == ("health_check" if name == "watchdog" else "daily_routine")


@pytest.mark.parametrize("kind", [Kind.DAILY, Kind.WEEKLY, Kind.MONTHLY])
def test_what_ran_daily_or_rarer_never_runs_more_often_than_daily(kind: Kind) -> None:
    assert group_of(job("cleanup_temp_health_monitor", kind=kind)) == "daily_routine"


@pytest.mark.parametrize(
    ("every", "group"),
    [
        (1, "health_check"),
        (10, "health_check"),
        (25, "performance_analysis"),
        (60, "system_maintenance"),
        (120, "event_analysis"),
        (240, "event_analysis"),
        (1440, "daily_routine"),
    ],
)
def test_a_name_that_says_nothing_goes_by_how_often_it_ran(every: float, group: str) -> None:
    assert group_of(job("zzz", every)) == group


def test_a_name_that_says_nothing_of_a_job_that_no_clock_sets_off_has_no_group() -> None:
    assert group_of(job("zzz", kind=Kind.LOGON)) is None


def test_what_a_job_is_said_to_do_counts_as_well() -> None:
    assert (
        group_of(job("zzz", kind=Kind.LOGON, text="Backup, cleanup and vacuum, log rotation, archive"))
        == "system_maintenance"
    )


def test_words_are_found_in_names_of_every_fashion() -> None:
    assert words("AGI-llmMonitor_v2 Täglich") >= {"agi", "llm", "monitor"}


@pytest.mark.parametrize(
    ("name", "args", "text", "expected"),
    [
        ("task_queue_server", (), "", True),
        ("chat", ("--port", "8080"), "", True),
        ("thing", (), "while True:\n    work()", True),
        ("thing", (), "while ($true) { Start-Sleep 5 }", True),
        ("morning_kickoff", (), "print('hello')", False),
        ("watchdog", (), "", False),
    ],
)
def test_what_starts_something_that_goes_on_is_a_service(
    name: str, args: tuple[str, ...], text: str, expected: bool
) -> None:
    assert is_service(job(name, kind=Kind.LOGON, args=args), text) is expected


def test_what_a_clock_sets_off_is_no_service() -> None:
    assert not is_service(job("task_queue_server", 10))
