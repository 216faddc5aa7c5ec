"""Task Scheduler's XML: every kind of trigger, of action, of setting, and of damage."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.adopt.job import Found, Job, Kind, Origin, Trigger
from deployments.adopt.sources import task_xml
from deployments.adopt.sources.iso_duration import minutes
from deployments.adopt.sources.text_encoding import decode
from tests.deployments.adopt.sources.task_xml import EXEC, PLAIN, stream, task, together

AT = "<StartBoundary>2026-01-05T06:30:00</StartBoundary>"
DAYS = "<ScheduleByDay><DaysInterval>{}</DaysInterval></ScheduleByDay>"
WEEKDAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}


def read(text: str) -> Found:
    assert task_xml.looks_like(text)
    return task_xml.read(text, Origin("tasks.xml"))


def only(text: str) -> Job:
    found = read(text)
    assert found.problems == []
    (job,) = found.jobs
    return job


def what(job: Job) -> str:
    return "; ".join(difference.what for difference in job.differences)


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        (f"<TimeTrigger>{AT}</TimeTrigger>", Trigger(Kind.ONCE, at="2026-01-05T06:30")),
        (
            f"<TimeTrigger><Repetition><Interval>PT5M</Interval></Repetition>{AT}</TimeTrigger>",
            Trigger(Kind.INTERVAL, 5, at="06:30"),
        ),
        (
            f"<CalendarTrigger>{AT}{DAYS.format(1)}</CalendarTrigger>",
            Trigger(Kind.DAILY, at="06:30"),
        ),
        (
            f"<CalendarTrigger>{AT}{DAYS.format(3)}<RandomDelay>PT30M</RandomDelay></CalendarTrigger>",
            Trigger(Kind.DAILY, 3 * 1440, at="06:30", delay_minutes=30),
        ),
        (
            "<CalendarTrigger><Repetition><Interval>PT1H</Interval><Duration>P1D</Duration></Repetition>"
            f"{AT}{DAYS.format(1)}</CalendarTrigger>",
            Trigger(Kind.INTERVAL, 60, at="06:30"),
        ),
        (
            f"<CalendarTrigger>{AT}<ScheduleByWeek><WeeksInterval>1</WeeksInterval>"
            "<DaysOfWeek><Friday /><Monday /></DaysOfWeek></ScheduleByWeek></CalendarTrigger>",
            Trigger(Kind.WEEKLY, at="06:30", days=("mon", "fri")),
        ),
        (
            f"<CalendarTrigger>{AT}<ScheduleByMonth><DaysOfMonth><Day>1</Day><Day>15</Day><Day>Last</Day>"
            "</DaysOfMonth></ScheduleByMonth></CalendarTrigger>",
            Trigger(Kind.MONTHLY, at="06:30", days=(1, 15, "last")),
        ),
        (
            f"<CalendarTrigger>{AT}<ScheduleByMonth><DaysOfMonth /></ScheduleByMonth></CalendarTrigger>",
            Trigger(Kind.MONTHLY, at="06:30"),
        ),
        (
            f"<CalendarTrigger>{AT}<ScheduleByMonth><DaysOfMonth><Day>²</Day><Day>{'9' * 5000}</Day>"
            "</DaysOfMonth></ScheduleByMonth></CalendarTrigger>",
            Trigger(Kind.MONTHLY, at="06:30", days=("²", "9" * 5000)),
        ),
        (
            f"<CalendarTrigger>{AT}{DAYS.format('²')}</CalendarTrigger>",
            Trigger(Kind.DAILY, at="06:30"),
        ),
        (
            f"<CalendarTrigger>{AT}<ScheduleByMonthDayOfWeek><Weeks><Week>1</Week><Week>Last</Week></Weeks>"
            "<DaysOfWeek><Tuesday /></DaysOfWeek></ScheduleByMonthDayOfWeek></CalendarTrigger>",
            Trigger(Kind.MONTHLY, at="06:30", days=("first tue", "last tue")),
        ),
        (
            "<BootTrigger><Enabled>true</Enabled><Delay>PT2M</Delay></BootTrigger>",
            Trigger(Kind.STARTUP, delay_minutes=2),
        ),
        ("<LogonTrigger><UserId>PC\\user</UserId></LogonTrigger>", Trigger(Kind.LOGON)),
        (
            "<LogonTrigger><Repetition><Interval>PT15M</Interval></Repetition></LogonTrigger>",
            Trigger(Kind.INTERVAL, 15),
        ),
        ("<IdleTrigger><Enabled>true</Enabled></IdleTrigger>", Trigger(Kind.OTHER)),
        ("<RegistrationTrigger />", Trigger(Kind.OTHER)),
        (
            "<SessionStateChangeTrigger><StateChange>SessionUnlock</StateChange></SessionStateChangeTrigger>",
            Trigger(Kind.SESSION),
        ),
        (
            "<EventTrigger><Subscription>&lt;QueryList&gt;&lt;Query&gt;&lt;Select Path='System'&gt;"
            "*[System[EventID=1074]]&lt;/Select&gt;&lt;/Query&gt;&lt;/QueryList&gt;</Subscription></EventTrigger>",
            Trigger(Kind.EVENT),
        ),
    ],
)
def test_every_kind_of_trigger(xml: str, expected: Trigger) -> None:
    assert only(task(xml)).triggers == (expected,)


def test_a_job_as_a_whole() -> None:
    job = only(task(f"<TimeTrigger><Repetition><Interval>PT10M</Interval></Repetition>{AT}</TimeTrigger>"))

    assert job.to_json() == {
        "source": "tasks.xml:2",
        "name": "AGI\\Watchdog",
        "enabled": True,
        "triggers": [
            {
                "kind": "interval",
                "every_minutes": 10,
                "at": "06:30",
                "days": [],
                "delay_minutes": None,
                "cron": None,
            }
        ],
        "command": "C:\\Python313\\python.exe",
        "script": "C:\\agi\\watchdog.py",
        "args": [],
        "cwd": None,
        "time_limit_minutes": 10,
        "group": None,
        "certain": True,
        "losses": [],
    }
    assert job.python == "C:\\Python313\\python.exe"
    assert job.switch is not None
    assert job.switch.off == 'schtasks /Change /TN "\\AGI\\Watchdog" /DISABLE'
    assert job.switch.on == 'schtasks /Change /TN "\\AGI\\Watchdog" /ENABLE'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("written", [stream, together])
def test_many_tasks_in_one_stream_in_any_encoding(written: Any, encoding: str) -> None:
    names = ["\\AGI\\상태 점검", "\\Watchdog", "\\Folder\\Sub folder\\Backup"]

    found = read(decode(written(*names).encode(encoding)))

    assert [job.name for job in found.jobs] == ["AGI\\상태 점검", "Watchdog", "Folder\\Sub folder\\Backup"]
    assert found.problems == []


def test_the_line_of_a_task_is_reported() -> None:
    found = read(stream("\\A", "\\B"))

    assert [job.source for job in found.jobs] == ["tasks.xml:3", "tasks.xml:13"]


def test_windows_defaults_are_reported_although_nobody_chose_them() -> None:
    job = only(task(settings=""))

    assert "on battery it was not started" in what(job)
    assert "it might run for 3 d (the default)" in what(job)
    assert job.time_limit_minutes == 72 * 60


@pytest.mark.parametrize(
    ("setting", "reported"),
    [
        ("<RunOnlyIfNetworkAvailable>true</RunOnlyIfNetworkAvailable>", "only with a network"),
        ("<RunOnlyIfIdle>true</RunOnlyIfIdle>", "only while the machine was idle"),
        ("<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>", "it had no time limit"),
        ("<MultipleInstancesPolicy>Parallel</MultipleInstancesPolicy>", "beside one that still ran"),
        ("<MultipleInstancesPolicy>StopExisting</MultipleInstancesPolicy>", "in the place of one"),
        ("<WakeToRun>true</WakeToRun>", "it woke the machine"),
    ],
)
def test_conditions_that_rhythm_does_not_keep_are_losses(setting: str, reported: str) -> None:
    rest = "" if "Limit" in setting else PLAIN
    assert reported in what(only(task(settings=setting + rest)))


@pytest.mark.parametrize(
    ("principal", "reported"),
    [
        ("<UserId>S-1-5-18</UserId>", "it ran as SYSTEM"),
        ("<UserId>NT AUTHORITY\\NETWORK SERVICE</UserId>", "it ran as a service account"),
        ("<UserId>S-1-5-21-1</UserId><RunLevel>HighestAvailable</RunLevel>", "highest privileges"),
    ],
)
def test_another_account_is_a_loss(principal: str, reported: str) -> None:
    assert reported in what(only(task(principal=principal)))


def test_a_restart_policy_becomes_retries() -> None:
    policy = "<RestartOnFailure><Count>3</Count><Interval>PT2M</Interval></RestartOnFailure>"
    job = only(task(settings=PLAIN + policy))

    assert (job.retries, job.retry_minutes) == (3, 2)


def test_disabled_tasks_and_triggers_are_distinguished() -> None:
    trigger = "<BootTrigger><Enabled>false</Enabled></BootTrigger><LogonTrigger />"
    off = only(task(trigger, settings=PLAIN + "<Enabled>false</Enabled>"))
    on = only(task(trigger))

    assert (off.enabled, on.enabled) == (False, True)
    assert [each.kind for each in on.triggers] == [Kind.LOGON]
    assert "its disabled boot trigger is left out" in what(on)


def test_several_triggers_are_all_kept() -> None:
    job = only(task(f"<LogonTrigger /><CalendarTrigger>{AT}{DAYS.format(1)}</CalendarTrigger>"))

    assert [each.kind for each in job.triggers] == [Kind.LOGON, Kind.DAILY]


def test_several_actions_become_jobs_in_their_order() -> None:
    second = EXEC.replace("watchdog", "report")
    jobs = read(task(actions=EXEC + second)).jobs

    assert [(job.name, job.script) for job in jobs] == [
        ("AGI\\Watchdog (1)", "C:\\agi\\watchdog.py"),
        ("AGI\\Watchdog (2)", "C:\\agi\\report.py"),
    ]
    assert all("one task of 2 actions" in what(job) for job in jobs)


@pytest.mark.parametrize(
    ("action", "reported"),
    [
        ("<ComHandler><ClassId>{A1}</ClassId></ComHandler>", "it calls a COM class, no program: {A1}"),
        ("<SendEmail><To>me</To></SendEmail>", "its action is not a program: send email"),
        ("<ShowMessage><Body>hello</Body></ShowMessage>", "its action is not a program: show message"),
        ("<Exec><Command></Command></Exec>", "it names no program"),
        ("", "it has no action"),
    ],
)
def test_what_is_no_program_is_uncertain(action: str, reported: str) -> None:
    assert only(task(actions=action)).doubts == (reported,)


@pytest.mark.parametrize(
    ("command", "arguments", "cwd", "script", "args"),
    [
        ('"C:\\Program Files\\tool.exe"', "--fast", "", "C:\\Program Files\\tool.exe", ("--fast",)),
        ("C:\\Program Files\\tool.exe", "", "", "C:\\Program Files\\tool.exe", ()),
        ("C:\\tools\\tool.exe --fast", "", "", "C:\\tools\\tool.exe", ("--fast",)),
        ("python.exe", '"C:\\my scripts\\a.py" "two words"', "", "C:\\my scripts\\a.py", ("two words",)),
        ("python", "a.py", '"C:\\agi"', "C:\\agi\\a.py", ()),
        ("powershell.exe", "-NoP -ep bypass -File .\\a.ps1 -Fast", "C:\\agi", "C:\\agi\\a.ps1", ("-Fast",)),
        ("%SystemRoot%\\System32\\cscript.exe", "//nologo C:\\a.vbs", "", "C:\\a.vbs", ()),
        (
            "cmd",
            "/c cd /d C:\\agi &amp;&amp; python a.py &gt;&gt; out.log 2&gt;&amp;1",
            "",
            "C:\\agi\\a.py",
            (),
        ),
    ],
)
def test_commands_however_they_are_quoted_and_split(
    command: str, arguments: str, cwd: str, script: str, args: tuple[str, ...]
) -> None:
    action = (
        f"<Exec><Command>{command}</Command><Arguments>{arguments}</Arguments>"
        f"<WorkingDirectory>{cwd}</WorkingDirectory></Exec>"
    )
    job = only(task(actions=action))

    assert (job.script, job.args, job.certain) == (script, args, True)


def test_a_variable_that_only_the_machine_knows_is_a_doubt() -> None:
    job = only(task(actions="<Exec><Command>%TOOLS%\\run.exe</Command></Exec>"))

    assert job.doubts == ("the value of %TOOLS% is not known here",)


@pytest.mark.parametrize(
    ("xml", "reported"),
    [
        (f"<TimeTrigger>{AT}<EndBoundary>2027-01-01T00:00:00</EndBoundary></TimeTrigger>", "ends at 2027"),
        (
            f"<CalendarTrigger><StartBoundary>2026-01-05T06:30:00Z</StartBoundary>{DAYS.format(1)}</CalendarTrigger>",
            "its times are UTC's",
        ),
        (
            f"<CalendarTrigger>{AT}<ScheduleByWeek><WeeksInterval>2</WeeksInterval></ScheduleByWeek></CalendarTrigger>",
            "every 2 weeks",
        ),
        (
            f"<CalendarTrigger>{AT}<ScheduleByMonth><Months><May /></Months></ScheduleByMonth>"
            "</CalendarTrigger>",
            "some months only",
        ),
        (
            "<CalendarTrigger><Repetition><Interval>PT1H</Interval><Duration>PT8H</Duration></Repetition>"
            f"{AT}{DAYS.format(1)}</CalendarTrigger>",
            "only during 8 h of its days",
        ),
        (
            "<TimeTrigger><Repetition><Interval>PT5M</Interval><Duration>P365D</Duration></Repetition></TimeTrigger>",
            "its repetition ended 365 days after it began",
        ),
        (
            "<EventTrigger><Subscription>Path='Security' EventID=4624</Subscription></EventTrigger>",
            "event 4624",
        ),
    ],
)
def test_what_a_trigger_has_that_a_group_has_not_is_a_loss(xml: str, reported: str) -> None:
    assert reported in what(only(task(xml)))


# Damage


def test_a_doctype_is_refused_before_any_parser_sees_it() -> None:
    bomb = '<!DOCTYPE t [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + task(uri="&b;", head="")

    found = read(bomb)

    assert found.jobs == []
    assert [problem.problem for problem in found.problems] == ["has a document type, which no task has"]


def test_an_external_entity_is_never_followed() -> None:
    found = read('<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + task(uri="&x;", head=""))

    assert "root:" not in str(found)
    assert found.jobs == []


def test_a_broken_task_costs_only_itself() -> None:
    broken = task(uri="\\B").replace("</Triggers>", "</Trigger>")
    found = read(stream("\\A") + f"<!-- \\B -->\r\n{broken}" + stream("\\C"))

    assert [job.name for job in found.jobs] == ["A", "C"]
    (problem,) = found.problems
    assert "not XML" in problem.problem
    assert problem.where == "tasks.xml:12"


def test_a_task_that_is_cut_short_is_reported_and_those_before_it_are_kept() -> None:
    text = stream("\\A", "\\B")

    found = read(text[: text.rindex("<Actions")])

    assert [job.name for job in found.jobs] == ["A"]
    assert "cut short" in found.problems[0].problem


@given(st.integers(0, 1500))
def test_wherever_a_file_is_cut_off_reading_ends_well(at: int) -> None:
    text = stream("\\A", "\\B")[:at]

    found = task_xml.read(text, Origin("tasks.xml"))

    assert found.jobs or found.problems


def test_comments_and_cdata_may_hold_anything() -> None:
    noisy = task().replace(
        "<Settings>", "<!-- </Task> <Task> --><Data><![CDATA[</Task><!DOCTYPE]]></Data><Settings>"
    )

    assert only(noisy).name == "AGI\\Watchdog"


def test_a_prefix_instead_of_a_default_namespace_is_read() -> None:
    plain = task("<LogonTrigger />", head="")
    prefixed = plain.replace("<", "<t:").replace("<t:/", "</t:").replace("xmlns=", "xmlns:t=")

    assert [each.kind for each in only(prefixed).triggers] == [Kind.LOGON]


def test_ten_thousand_tasks_are_all_read() -> None:
    names = [f"\\AGI\\Task {number}" for number in range(10_000)]

    assert len(read(stream(*names)).jobs) == 10_000


def test_unclosed_comments_do_not_make_reading_slow() -> None:
    found = task_xml.read("<Task>" + "<!-- " * 200_000, Origin("x"))

    assert found.problems


# Round trips


@given(st.integers(1, 31 * 1440), st.times())
def test_an_interval_comes_back(every: int, at: Any) -> None:
    days, rest = divmod(every, 1440)
    span = f"P{days}DT{rest}M" if days else f"PT{rest}M"
    trigger = (
        f"<TimeTrigger><Repetition><Interval>{span}</Interval></Repetition>"
        f"<StartBoundary>2026-01-05T{at:%H:%M:%S}</StartBoundary></TimeTrigger>"
    )

    assert minutes(span) == every
    assert only(task(trigger)).triggers == (Trigger(Kind.INTERVAL, every, at=f"{at:%H:%M}"),)


@given(st.sets(st.sampled_from(sorted(WEEKDAYS)), min_size=1), st.times())
def test_days_of_the_week_come_back_in_their_order(days: set[str], at: Any) -> None:
    names = "".join(f"<{WEEKDAYS[day]} />" for day in days)
    trigger = (
        f"<CalendarTrigger><StartBoundary>2026-01-05T{at:%H:%M:%S}</StartBoundary><ScheduleByWeek>"
        f"<DaysOfWeek>{names}</DaysOfWeek></ScheduleByWeek></CalendarTrigger>"
    )

    expected = tuple(day for day in WEEKDAYS if day in days)
    assert only(task(trigger)).triggers == (Trigger(Kind.WEEKLY, at=f"{at:%H:%M}", days=expected),)


@given(st.lists(st.integers(1, 31), min_size=1, unique=True))
def test_days_of_the_month_come_back(days: list[int]) -> None:
    shown = "".join(f"<Day>{day}</Day>" for day in days)
    month = f"<ScheduleByMonth><DaysOfMonth>{shown}</DaysOfMonth></ScheduleByMonth>"
    trigger = f"<CalendarTrigger>{AT}{month}</CalendarTrigger>"

    assert only(task(trigger)).triggers == (Trigger(Kind.MONTHLY, at="06:30", days=tuple(days)),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("PT5M", 5), ("P1D", 1440), ("P31DT12H", 31 * 1440 + 720), ("PT90S", 1.5), ("PT0S", 0), (" PT1H ", 60)],
)
def test_durations(text: str, expected: float) -> None:
    assert minutes(text) == expected


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "5M", "PT5", "PT-5M", "P1W2", "PT5M5M", "PT" + "9" * 400 + "M"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        minutes(text)
