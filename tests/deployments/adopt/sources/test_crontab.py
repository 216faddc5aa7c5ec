"""crontabs: what cron would run, and when."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cronsim import CronSim
from hypothesis import assume, given
from hypothesis import strategies as st

from deployments.adopt.job import Found, Job, Kind, Origin, Trigger
from deployments.adopt.schedules import cron_fields
from deployments.adopt.schedules.frequency import minutes_between
from deployments.adopt.sources import crontab

COMMAND = "/usr/bin/python3 /srv/agi/watchdog.py"


def read(text: str, name: str = "crontab", folder: Path | None = None) -> Found:
    return crontab.read(text, Origin(name, folder))


def only(text: str, name: str = "crontab") -> Job:
    found = read(text, name)
    assert found.problems == []
    (job,) = found.jobs
    return job


def what(job: Job) -> str:
    return "; ".join(difference.what for difference in job.differences)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("*/5 * * * *", Trigger(Kind.INTERVAL, 5)),
        ("* * * * *", Trigger(Kind.INTERVAL, 1)),
        ("3-59/10 * * * *", Trigger(Kind.INTERVAL, 10, at="00:03")),
        ("0,15,30,45 * * * *", Trigger(Kind.INTERVAL, 15)),
        ("20 * * * *", Trigger(Kind.INTERVAL, 60, at="00:20")),
        ("0 */2 * * *", Trigger(Kind.INTERVAL, 120)),
        ("20 */6 * * *", Trigger(Kind.INTERVAL, 360, at="00:20")),
        ("0 3 * * *", Trigger(Kind.DAILY, at="03:00")),
        ("30 8 * * 1-5", Trigger(Kind.WEEKLY, at="08:30", days=("mon", "tue", "wed", "thu", "fri"))),
        ("0 9 * * MON", Trigger(Kind.WEEKLY, at="09:00", days=("mon",))),
        ("0 9 * * 7", Trigger(Kind.WEEKLY, at="09:00", days=("sun",))),
        ("0 0 1,15 * *", Trigger(Kind.MONTHLY, at="00:00", days=(1, 15))),
        ("@daily", Trigger(Kind.DAILY, at="00:00")),
        ("@midnight", Trigger(Kind.DAILY, at="00:00")),
        ("@hourly", Trigger(Kind.INTERVAL, 60)),
        ("@weekly", Trigger(Kind.WEEKLY, at="00:00", days=("sun",))),
        ("@monthly", Trigger(Kind.MONTHLY, at="00:00", days=(1,))),
        ("@reboot", Trigger(Kind.STARTUP)),
        ("@Reboot", Trigger(Kind.STARTUP)),
    ],
)
def test_schedules_become_the_simplest_trigger(fields: str, expected: Trigger) -> None:
    (found,) = only(f"{fields} {COMMAND}\n").triggers

    assert (found.kind, found.every_minutes, found.at, found.days) == (
        expected.kind,
        expected.every_minutes,
        expected.at,
        expected.days,
    )


@pytest.mark.parametrize(
    "fields",
    [
        "*/7 * * * *",  # 56 and 0 are four minutes apart
        "0 9-17 * * *",
        "0 0 1 1 *",
        "0 0 13 * 5",  # cron takes either day
        "0 12 * JAN-MAR 1",
        "0 0 * * 5#2",
        "@yearly",
    ],
)
def test_what_only_five_fields_can_express_is_left_as_it_is(fields: str) -> None:
    (found,) = only(f"{fields} {COMMAND}\n").triggers

    assert found.kind is Kind.CRON
    assert found.cron == {"@yearly": "0 0 1 1 *"}.get(fields, fields)


def test_a_job_as_a_whole() -> None:
    job = only(f"# Looks whether it still moves.\n10 4 * * * {COMMAND} --fast\n")

    assert job.to_json() == {
        "source": "crontab:2",
        "name": "watchdog",
        "enabled": True,
        "triggers": [
            {
                "kind": "daily",
                "every_minutes": None,
                "at": "04:10",
                "days": [],
                "delay_minutes": None,
                "cron": "10 4 * * *",
            }
        ],
        "command": f"{COMMAND} --fast",
        "script": "/srv/agi/watchdog.py",
        "args": ["--fast"],
        "cwd": None,
        "time_limit_minutes": None,
        "group": None,
        "certain": True,
        "losses": [],
    }
    assert job.text == "Looks whether it still moves."
    assert job.python == "/usr/bin/python3"


def test_variables_hold_for_the_lines_below_them() -> None:
    first, second = read(
        f'* * * * * {COMMAND}\nLEVEL=debug\n DATA = "/srv/my data"\nPATH=/opt/bin\n'
        f"* * * * * {COMMAND} $LEVEL\n"
    ).jobs

    assert first.env == {}
    assert second.env == {"LEVEL": "debug", "DATA": "/srv/my data", "PATH": "/opt/bin"}
    assert second.args == ("debug",)


def test_a_zone_and_a_mail_address_are_losses() -> None:
    job = only(f"CRON_TZ=Asia/Seoul\nMAILTO=me@localhost\n0 3 * * * {COMMAND}\n")

    assert "its times are those of Asia/Seoul" in what(job)
    assert "mailed to me@localhost" in what(job)
    assert job.env == {}


def test_a_percent_sign_begins_standard_input_unless_it_is_escaped() -> None:
    escaped = only(f"0 3 * * * {COMMAND} \\%d\n")
    given_text = only(f"0 3 * * * {COMMAND}%hello%world\n")

    assert escaped.args == ("%d",)
    assert given_text.script == "/srv/agi/watchdog.py"
    assert given_text.doubts == ("it is given text on its standard input (after %)",)


@pytest.mark.parametrize(
    "name", ["/etc/crontab", "/etc/cron.d/agi", "machine/etc/crontab", "x\\etc\\crontab"]
)
def test_a_system_crontab_names_the_user_first(name: str) -> None:
    job = only(f"0 3 * * * alice {COMMAND}\n", name)

    assert job.script == "/srv/agi/watchdog.py"
    assert "it ran as alice" in what(job)


def test_a_crontab_in_which_every_line_names_an_account_is_a_system_one() -> None:
    first, second = read(f"0 3 * * * root {COMMAND}\n0 4 * * * www-data {COMMAND}\n", "copy.txt").jobs

    assert [job.script for job in (first, second)] == ["/srv/agi/watchdog.py"] * 2


@pytest.mark.parametrize(
    ("line", "script", "cwd", "reported"),
    [
        (f"cd /srv/agi && {COMMAND}", "/srv/agi/watchdog.py", "/srv/agi", ""),
        (f"cd '/srv/my agi'; {COMMAND}", "/srv/agi/watchdog.py", "/srv/my agi", ""),
        ("cd /srv/agi && python3 watchdog.py", "/srv/agi/watchdog.py", "/srv/agi", "its packages"),
        (
            f"{COMMAND} >> /var/log/w.log 2>&1",
            "/srv/agi/watchdog.py",
            None,
            "no longer goes to /var/log/w.log",
        ),
        (f"{COMMAND} > /dev/null 2>&1", "/srv/agi/watchdog.py", None, ""),
        (f"{COMMAND} &> /dev/null &", "/srv/agi/watchdog.py", None, ""),
        (f"{COMMAND} 2>&1 | logger -t agi", "/srv/agi/watchdog.py", None, "no longer goes to logger -t agi"),
        (f"nice -n 19 ionice -c3 {COMMAND}", "/srv/agi/watchdog.py", None, ""),
        (f"flock -n /tmp/w.lock {COMMAND}", "/srv/agi/watchdog.py", None, ""),
        ("/srv/agi/run.sh", "/srv/agi/run.sh", None, ""),
        ("sudo -u bob /srv/agi/run.sh", "/srv/agi/run.sh", None, "it ran as bob (sudo)"),
    ],
)
def test_what_people_write_around_a_script(line: str, script: str, cwd: str | None, reported: str) -> None:
    job = only(f"0 3 * * * {line}\n")

    assert (job.script, job.cwd, job.doubts) == (script, cwd, ())
    assert reported in what(job)
    assert bool(reported) == bool(job.differences)


def test_a_time_limit_around_a_script_is_kept() -> None:
    assert only(f"0 3 * * * timeout 15m {COMMAND}\n").time_limit_minutes == 15


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        ("a.sh && b.sh", "several commands"),
        ("test -x /a.sh || /b.sh", "several commands"),
        ("/a.sh $(date +F)", "a command within it"),
        ("/a.sh `hostname`", "a command within it"),
        ("rm /tmp/*.log", "a pattern of files"),
        ("/a.sh $WHO", "the variable $WHO"),
        ("/a.sh 'open", "a quote that is not closed"),
        ("[ -e /x ] && /a.sh", "several commands"),
        ("~/a.sh", "a home folder"),
    ],
)
def test_lines_that_are_programs_themselves_are_uncertain(line: str, reported: str) -> None:
    job = only(f"0 3 * * * {line}\n")

    assert job.script is None
    assert reported in job.doubts[0]
    assert line in job.doubts[0]


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        ("61 * * * * /a.sh", "'61' is not a valid minute"),
        ("0 24 * * * /a.sh", "'24' is not a valid hour"),
        ("0 0 32 * * /a.sh", "'32' is not a valid day of the month"),
        ("0 0 * 13 * /a.sh", "'13' is not a valid month"),
        ("0 0 * * 8 /a.sh", "'8' is not a valid day of the week"),
        ("*/0 * * * * /a.sh", "'*/0' is not a valid minute"),
        ("@never /a.sh", "'@never' is not a cron schedule"),
        ("hello world", "is not a crontab line: hello world"),
        ("* * * * *", "is not a crontab line: * * * * *"),
    ],
)
def test_a_malformed_line_is_named_by_its_number_and_the_rest_is_read(line: str, reported: str) -> None:
    found = read(f"# head\n0 3 * * * {COMMAND}\n\n{line}\n0 4 * * * {COMMAND}\n")

    assert len(found.jobs) == 2
    (problem,) = found.problems
    assert problem.where == "crontab:4"
    assert problem.problem.startswith(reported)


def test_a_last_line_that_cron_leaves_out_is_reported() -> None:
    assert "which cron leaves out" in what(only(f"0 3 * * * {COMMAND}"))


def test_the_line_can_be_commented_out_and_in_again(tmp_path: Path) -> None:
    (own,) = read(f"\n0 3 * * * {COMMAND}\n").jobs
    (filed,) = read(f"\n0 3 * * * {COMMAND}\n", "my tab", tmp_path).jobs

    assert own.switch is not None
    assert own.switch.off == "crontab -l | sed '2s/^/#rhythm# /' | crontab -"
    assert filed.switch is not None
    assert filed.switch.on == f"sed -i '2s/^#rhythm# //' '{tmp_path / 'my tab'}'"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"0 3 * * * {COMMAND}\n", True),
        (f"SHELL=/bin/sh\n\n# x\n@daily {COMMAND}\n", True),
        ("A=1\nB=2\n", False),
        ("print('hello')\nimport sys\n", False),
        ("* a list\n* of things\n* that go on like this one here does\n", False),
        ("", False),
    ],
)
def test_crontabs_are_distinguished_from_other_texts(text: str, expected: bool) -> None:
    assert crontab.looks_like(text) is expected


# Round trips

MINUTE = st.one_of(
    st.just("*"),
    st.integers(0, 59).map(str),
    st.integers(1, 59).map(lambda step: f"*/{step}"),
    st.lists(st.integers(0, 59), min_size=2, max_size=4, unique=True).map(lambda v: ",".join(map(str, v))),
)
HOUR = st.one_of(st.just("*"), st.integers(0, 23).map(str), st.integers(1, 23).map(lambda step: f"*/{step}"))
WEEKDAY = st.one_of(
    st.just("*"),
    st.sets(st.integers(0, 7), min_size=1, max_size=4).map(lambda v: ",".join(map(str, sorted(v)))),
)
DAY = st.one_of(st.just("*"), st.integers(1, 31).map(str))

# Fields of which each has a simple trigger, and some of any kind: those with none say nothing here.
ONE_MINUTE, ONE_HOUR = st.integers(0, 59).map(str), st.integers(0, 23).map(str)
FIELDS = st.one_of(
    st.builds("{} {} * * {}".format, ONE_MINUTE, ONE_HOUR, WEEKDAY),
    st.builds("{} {} {} * *".format, ONE_MINUTE, ONE_HOUR, DAY),
    st.sampled_from([step for step in range(1, 60) if 60 % step == 0]).map("*/{} * * * *".format),
    st.builds("{} */{} * * *".format, ONE_MINUTE, st.sampled_from([1, 2, 3, 4, 6, 8, 12])),
    st.builds("{} {} {} * {}".format, MINUTE, HOUR, DAY, WEEKDAY),
)


def runs(trigger: Trigger, day: datetime, days: int) -> list[datetime]:
    """The moments that a trigger means, without cron's help."""
    hour, minute = map(int, (trigger.at or "00:00")[-5:].split(":"))
    first = day.replace(hour=hour, minute=minute)
    end = day + timedelta(days=days)
    found = []
    if trigger.kind is Kind.INTERVAL:
        assert trigger.every_minutes
        step = timedelta(minutes=trigger.every_minutes)
        while first < end:
            found.append(first)
            first += step
        return found
    for number in range(days):
        moment = first + timedelta(days=number)
        weekday = moment.strftime("%a").lower()
        if trigger.kind is Kind.DAILY or weekday in trigger.days or moment.day in trigger.days:
            found.append(moment)
    return found


@given(FIELDS)
def test_the_simplest_trigger_comes_when_cron_comes(fields: str) -> None:
    trigger = cron_fields.trigger(fields)
    assume(trigger.kind is not Kind.CRON)
    begin = datetime(2026, 1, 1)  # noqa: DTZ001 - cron's clock has no zone
    days = 62

    cron = []
    for moment in CronSim(fields, begin - timedelta(minutes=1)):
        if moment >= begin + timedelta(days=days):
            break
        cron.append(moment)

    assert runs(trigger, begin, days) == cron


@given(MINUTE, HOUR, DAY, WEEKDAY)
def test_the_mean_distance_of_runs_is_the_same_by_fields_and_by_trigger(
    minute: str, hour: str, day: str, weekday: str
) -> None:
    fields = f"{minute} {hour} {day} * {weekday}"
    trigger = cron_fields.trigger(fields)
    by_fields = minutes_between([Trigger(Kind.CRON, cron=fields)])
    by_trigger = minutes_between([trigger])

    # A month is as long as months are on average, and days 29 to 31 are not in all of them.
    short = trigger.kind is Kind.MONTHLY and any(isinstance(day, int) and day > 28 for day in trigger.days)
    assert by_trigger == pytest.approx(by_fields, rel=0.95 if short else 0.02)


def test_a_day_that_never_comes_is_a_trigger_that_never_does() -> None:
    found = read(f"0 0 30 2 * {COMMAND}\n")

    assert found.jobs == [] or minutes_between(found.jobs[0].triggers) is None
