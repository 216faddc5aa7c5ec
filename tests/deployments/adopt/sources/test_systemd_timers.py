"""systemd's timers and their services."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.adopt.job import Found, Job, Kind, Origin, Trigger
from deployments.adopt.schedules import on_calendar
from deployments.adopt.sources import systemd_timers, unit_files

SERVICE = "[Service]\nType=oneshot\nExecStart=/usr/bin/python3 /srv/agi/watchdog.py\n"


def read(**files: str) -> Found:
    """Units by their names, with _ for the dot."""
    names = {name.replace("__", "@").replace("_", "."): text for name, text in files.items()}
    return systemd_timers.read(names, Origin("units"))


def only(timer: str, service: str = SERVICE) -> Job:
    found = read(watchdog_timer=f"[Timer]\n{timer}\n", watchdog_service=service)
    assert found.problems == []
    (job,) = found.jobs
    return job


def what(job: Job) -> str:
    return "; ".join(difference.what for difference in job.differences)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("hourly", Trigger(Kind.INTERVAL, 60)),
        ("minutely", Trigger(Kind.INTERVAL, 1)),
        ("daily", Trigger(Kind.DAILY, at="00:00")),
        ("weekly", Trigger(Kind.WEEKLY, at="00:00", days=("mon",))),
        ("monthly", Trigger(Kind.MONTHLY, at="00:00", days=(1,))),
        ("*-*-* 03:30:00", Trigger(Kind.DAILY, at="03:30")),
        ("03:30", Trigger(Kind.DAILY, at="03:30")),
        ("*:0/10", Trigger(Kind.INTERVAL, 10)),
        ("*:5/15:00", Trigger(Kind.INTERVAL, 15, at="00:05")),
        ("*:00,15,30,45", Trigger(Kind.INTERVAL, 15)),
        ("00/2:20", Trigger(Kind.INTERVAL, 120, at="00:20")),
        ("*:*:0/30", Trigger(Kind.INTERVAL, 0.5)),
        ("Mon..Fri 08:30", Trigger(Kind.WEEKLY, at="08:30", days=("mon", "tue", "wed", "thu", "fri"))),
        ("Sat,Sun *-*-* 10:00", Trigger(Kind.WEEKLY, at="10:00", days=("sat", "sun"))),
        ("Friday", Trigger(Kind.WEEKLY, at="00:00", days=("fri",))),
        ("*-*-1,15 04:00", Trigger(Kind.MONTHLY, at="04:00", days=(1, 15))),
        ("*-*~1 23:00", Trigger(Kind.MONTHLY, at="23:00", days=("last",))),
        ("2026-12-24 18:00", Trigger(Kind.ONCE, at="2026-12-24T18:00")),
        ("quarterly", Trigger(Kind.CRON, cron="0 0 1 1,4,7,10 *")),
        ("*-*-* 9..17:00", Trigger(Kind.CRON, cron="0 9,10,11,12,13,14,15,16,17 * * *")),
        ("Fri *-*-13 00:00", Trigger(Kind.OTHER)),
        ("2027-*-* 03:00", Trigger(Kind.OTHER)),
    ],
)
def test_calendar_events(event: str, expected: Trigger) -> None:
    assert only(f"OnCalendar={event}\nPersistent=true").triggers == (expected,)


@pytest.mark.parametrize("event", ["25:00", "*:61", "Someday 03:00", "*-13-01", "03:00:00:00", "*:0/0", "-"])
def test_what_is_no_calendar_event_is_a_problem(event: str) -> None:
    found = read(w_timer=f"[Timer]\nOnCalendar={event}\n", w_service=SERVICE)

    (problem,) = found.problems
    assert problem.where == "units/w.timer"
    assert "is no" in problem.problem or "not between" in problem.problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90", 1.5),
        ("5min", 5),
        ("1h 30m", 90),
        ("1h30min", 90),
        ("2d", 2880),
        ("1w", 10080),
        ("500ms", 1 / 120),
    ],
)
def test_time_spans(text: str, expected: float) -> None:
    assert on_calendar.span_minutes(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "soon", "5 parsecs", "h", "-5min", "5min later"])
def test_what_is_no_time_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        on_calendar.span_minutes(text)


def test_a_timer_that_counts_from_its_last_run_is_an_interval() -> None:
    active = only("OnBootSec=5min\nOnUnitActiveSec=15min\nRandomizedDelaySec=2min")
    inactive = only("OnUnitInactiveSec=1h")

    assert active.triggers == (Trigger(Kind.INTERVAL, 15, delay_minutes=2),)
    assert inactive.triggers == (Trigger(Kind.INTERVAL, 60),)
    assert "its interval began when it had ended" in what(inactive)


def test_a_timer_for_the_start_only_is_a_startup_trigger() -> None:
    assert only("OnBootSec=2min").triggers == (Trigger(Kind.STARTUP, delay_minutes=2),)


def test_what_rhythm_does_otherwise_is_reported() -> None:
    job = only("OnCalendar=daily Asia/Seoul\nWakeSystem=true")

    assert "its times are those of Asia/Seoul" in what(job)
    assert "a run that was missed was left out" in what(job)
    assert "it woke the machine" in what(job)
    assert "missed" not in what(only("OnCalendar=daily\nPersistent=yes"))


def test_a_job_as_a_whole() -> None:
    service = (
        "[Unit]\nDescription=Looks whether it moves\n[Service]\nWorkingDirectory=/srv/agi\n"
        'Environment=LEVEL=debug "NAME=two words"\nTimeoutStartSec=15min\n'
        'ExecStart=/usr/bin/python3 \\\n  watchdog.py "--name=${NAME}" $LEVEL\n'
    )
    job = only("OnCalendar=*:0/10\nPersistent=true", service)

    assert job.source == "units/watchdog.timer"
    assert (job.name, job.text) == ("watchdog", "Looks whether it moves")
    assert (job.script, job.python, job.cwd) == ("/srv/agi/watchdog.py", "/usr/bin/python3", "/srv/agi")
    assert job.args == ("--name=two words", "debug")
    assert job.env == {"LEVEL": "debug", "NAME": "two words"}
    assert job.time_limit_minutes == 15
    assert job.certain
    assert job.switch is not None
    assert "disable --now watchdog.timer" in job.switch.off


def test_a_template_gets_its_instance() -> None:
    service = "[Service]\nExecStart=/srv/backup.sh --what %i %%\n"
    found = read(backup__home_timer="[Timer]\nOnCalendar=daily\n", backup___service=service)

    (job,) = found.jobs
    assert job.name == "backup@home"
    assert job.args == ("--what", "home", "%")


def test_a_timer_may_name_another_service() -> None:
    found = read(nightly_timer="[Timer]\nOnCalendar=daily\nUnit=w.service\n", w_service=SERVICE)

    assert [job.script for job in found.jobs] == ["/srv/agi/watchdog.py"]


def test_dropped_in_files_change_a_unit() -> None:
    names = {
        "w.timer": "[Timer]\nOnCalendar=daily\n",
        "w.service": SERVICE,
        "w.timer.d/10-mine.conf": "[Timer]\nOnCalendar=\nOnCalendar=hourly\n",
    }

    (job,) = systemd_timers.read(names, Origin("units")).jobs

    assert job.triggers == (Trigger(Kind.INTERVAL, 60),)


def test_a_timer_without_its_service_is_a_problem() -> None:
    found = read(w_timer="[Timer]\nOnCalendar=daily\n")

    assert found.jobs == []
    assert [problem.problem for problem in found.problems] == ["its service w.service is not there"]


def test_several_commands_become_jobs_in_their_order() -> None:
    service = "[Service]\nExecStart=/srv/a.sh\nExecStart=-/srv/b.sh\n"
    found = read(w_timer="[Timer]\nOnCalendar=daily\n", w_service=service)

    assert [(job.name, job.script) for job in found.jobs] == [("w (1)", "/srv/a.sh"), ("w (2)", "/srv/b.sh")]
    assert "its failure counted for nothing" in what(found.jobs[1])


def test_a_service_that_starts_with_the_machine_is_a_job_without_a_timer() -> None:
    found = read(chat_service=SERVICE + "[Install]\nWantedBy=multi-user.target\n", other_service=SERVICE)

    assert [(job.name, job.triggers) for job in found.jobs] == [("chat", (Trigger(Kind.STARTUP),))]


def test_a_variable_that_is_not_set_in_the_unit_is_a_doubt() -> None:
    job = only("OnCalendar=daily", "[Service]\nExecStart=/srv/a.sh ${WHERE}\n")

    assert job.doubts == ("the value of ${WHERE} is not known here",)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/a.sh one two", ["/a.sh", "one", "two"]),
        ("/a.sh 'one two' \"three four\"", ["/a.sh", "one two", "three four"]),
        ('/a.sh "a\\"b" \\x', ["/a.sh", 'a"b', "x"]),
        ("/a.sh --x='y z'", ["/a.sh", "--x=y z"]),
        ("/a.sh ''", ["/a.sh", ""]),
    ],
)
def test_words_are_quoted_by_systemds_rules(line: str, expected: list[str]) -> None:
    assert unit_files.words(line) == expected


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r"), max_size=8), max_size=5))
def test_quoted_words_come_back(words: list[str]) -> None:
    line = " ".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words)

    assert unit_files.words(line) == words


@given(
    st.integers(0, 23),
    st.integers(0, 59),
    st.sets(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])),
)
def test_times_and_days_come_back(hour: int, minute: int, days: set[str]) -> None:
    event = f"{','.join(sorted(days))} *-*-* {hour}:{minute:02}".strip()

    found = on_calendar.trigger(event)

    assert found.at == f"{hour:02}:{minute:02}"
    assert set(found.days) == (days if len(days) < 7 else set())


@given(st.text("0123456789*,./:-~ MonTueFridaily", max_size=30))
def test_any_event_is_one_or_is_refused(text: str) -> None:
    try:
        assert isinstance(on_calendar.trigger(text), Trigger)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - it may be raised, or not
