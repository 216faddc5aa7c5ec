"""rhythm.toml and RHYTHM_* variables: what is read, and how what is wrong is reported."""

from __future__ import annotations

import errno
import os
import re
import sys
from datetime import time, timedelta
from operator import attrgetter
from pathlib import Path

import pytest

from tasks.problem import ConfigError, Problem
from tasks.settings import project
from tasks.settings import rhythm_toml as config
from tasks.settings.endpoints import EndpointSettings
from tasks.settings.rhythm_toml import Settings
from tests.conftest import MakeSettings

A = """
[groups.a]
every = "10m"
steps = ["check_health"]
"""
B = A.replace("groups.a", "groups.b")

posix_only = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows guesses where the homes of unknown users are"
)


def problems_of(make_settings: MakeSettings, text: str | bytes) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        make_settings(text)
    return list(caught.value.problems)


# What is read


def test_a_file_with_one_group_is_enough(make_settings: MakeSettings, tmp_path: Path) -> None:
    settings = make_settings(A)
    group = settings.groups["a"]

    assert (group.every, group.at, group.after) == (timedelta(minutes=10), None, ())
    assert (group.enabled, group.attempts, group.on_failure) == (True, 3, "continue")
    assert settings.scripts_dir == tmp_path / "scripts"
    assert settings.outputs_dir == tmp_path / "outputs"


def test_the_shipped_file_is_valid_and_has_five_groups(pytestconfig: pytest.Config) -> None:
    settings = config.load(pytestconfig.rootpath / "rhythm.toml")

    assert list(settings.groups) == [
        "health_check",
        "performance_analysis",
        "system_maintenance",
        "daily_routine",
        "event_analysis",
    ]


def test_a_byte_order_mark_is_accepted(make_settings: MakeSettings) -> None:
    assert list(make_settings(b"\xef\xbb\xbf" + A.encode()).groups) == ["a"]


def test_windows_line_ends_and_other_alphabets_are_accepted(make_settings: MakeSettings) -> None:
    text = A.replace('["check_health"]', '[{ run = "check_health", name = "건강 확인" }]')

    step = make_settings(text.replace("\n", "\r\n")).groups["a"].steps[0]

    assert step.name == "건강 확인"


def test_a_time_of_day_may_be_text_or_tomls_own(make_settings: MakeSettings) -> None:
    for written in ('"03:00"', "03:00:00", '"3:00"'):
        settings = make_settings(A.replace('every = "10m"', f"at = {written}"))
        assert settings.groups["a"].at == time(3, 0)


def test_relative_paths_count_from_the_files_folder_and_others_stay(
    make_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    lists = f"allow = ['one.py', '{tmp_path}/two', '~/three']"

    settings = make_settings(f"scripts_dir = '../mine'\noutputs_dir = '~/out'\n{lists}\n{A}")

    assert settings.scripts_dir == tmp_path / ".." / "mine"
    assert settings.outputs_dir == tmp_path / "home" / "out"
    assert settings.allow == (tmp_path / "one.py", tmp_path / "two", tmp_path / "home" / "three")


def test_a_file_named_relatively_still_makes_absolute_paths(
    make_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_settings(A)
    monkeypatch.chdir(tmp_path)

    assert config.load(Path("rhythm.toml")).scripts_dir == tmp_path / "scripts"


def test_groups_are_ordered_by_what_they_come_after_and_else_as_written(make_settings: MakeSettings) -> None:
    written = {"e": ["c"], "d": [], "c": ["b"], "b": [], "a": ["d"]}
    text = "".join(
        f'[groups.{name}]\nevery = "5m"\nafter = {after}\nsteps = ["check_health"]\n'
        for name, after in written.items()
    )

    assert make_settings(text).order == ("d", "b", "c", "e", "a")


# Where it is read


def test_the_file_is_the_one_named_then_the_folders_then_the_projects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.config_path({}) == pytestconfig.rootpath / "rhythm.toml"
    (tmp_path / "rhythm.toml").touch()
    assert config.config_path({}) == tmp_path / "rhythm.toml"
    assert config.config_path({"RHYTHM_CONFIG": "other.toml"}) == tmp_path / "other.toml"
    assert config.config_path({"RHYTHM_CONFIG": ""}) == tmp_path / "rhythm.toml"


def test_where_there_is_no_checkout_it_is_to_be_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site-packages").mkdir()
    monkeypatch.setattr(project, "PROJECT", tmp_path / "site-packages")
    monkeypatch.chdir(tmp_path)

    assert config.config_path({}) == tmp_path / "rhythm.toml"


def test_a_variable_may_name_the_file_that_is_loaded(
    make_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_settings(A)
    other = tmp_path / "other.toml"
    other.write_text(B, encoding="utf-8")
    monkeypatch.setenv("RHYTHM_CONFIG", str(other))

    assert list(config.load().groups) == ["b"]


@pytest.mark.parametrize(
    "name", ["none.toml", pytest.param("~nobody_of_this_name/rhythm.toml", marks=posix_only)]
)
def test_a_file_that_is_not_there_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RHYTHM_CONFIG", name)

    with pytest.raises(
        ConfigError, match=r"there is no such file\. `rhythm init` writes one .*RHYTHM_CONFIG"
    ) as caught:
        config.load()
    assert caught.value.problems[0].where == str(tmp_path / name)


# Variables


@pytest.mark.parametrize(
    ("variable", "value", "key", "expected"),
    [
        ("RHYTHM_NAME", "home-two", "name", "home-two"),
        ("RHYTHM_TIMEZONE", "Asia/Seoul", "timezone", "Asia/Seoul"),
        ("RHYTHM_SCRIPTS_DIR", "{tmp}/elsewhere", "scripts_dir", "{tmp}/elsewhere"),
        ("RHYTHM_SCRIPTS_DIR", "elsewhere", "scripts_dir", "{tmp}/elsewhere"),
        ("RHYTHM_OUTPUTS_DIR", "{tmp}/elsewhere", "outputs_dir", "{tmp}/elsewhere"),
        ("RHYTHM_ALLOW", '["{tmp}/x.py", "y.py"]', "allow", "{tmp}/x.py {tmp}/y.py"),
        ("RHYTHM_PYTHON", "python3.12", "python", "python3.12"),
        ("RHYTHM_ENV", '{"LANG": "ko_KR"}', "env", "{'LANG': 'ko_KR'}"),
        ("RHYTHM_ENV_FILE", "x.env", "env_file", "{tmp}/x.env"),
        ("RHYTHM_SECRET_ENV", '["TOKEN", "KEY"]', "secret_env", "TOKEN KEY"),
        (
            "RHYTHM_ENDPOINTS",
            '[{"name": "api", "url": "http://localhost:1/"}]',
            "endpoints",
            str(EndpointSettings.model_validate({"name": "api", "url": "http://localhost:1/"})),
        ),
        ("RHYTHM_LISTEN", "127.0.0.1:4300", "listen", "127.0.0.1:4300"),
        ("RHYTHM_AUTH", "off", "auth", "off"),
        ("RHYTHM_SERVER_PASSWORD", "a long one", "server_password", "**********"),
        ("RHYTHM_PACING__BUSY_ABOVE", "80", "pacing.busy_above", "80.0"),
        ("RHYTHM_ALLOWED_HOSTS", '["a.example", "b.example:1"]', "allowed_hosts", "a.example b.example:1"),
        ("RHYTHM_TRUSTED_PROXY", "127.0.0.1", "trusted_proxy", "127.0.0.1"),
        ("RHYTHM_ALLOW_FOREIGN_DEPLOYMENTS", "true", "allow_foreign_deployments", "True"),
        ("RHYTHM_DATABASE_URL", "postgresql://u:p@127.0.0.1/r", "database_url", "**********"),
        ("RHYTHM_RETENTION", "30d", "retention", "30 days, 0:00:00"),
        ("RHYTHM_HEALTH", '{"cpu": {"warning": 50}}', "health.cpu.warning", "50.0"),
        ("RHYTHM_BREAKER", '{"failures": 5}', "breaker.failures", "5"),
        (
            "RHYTHM_TRENDS",
            '{"cpu": {"target": 10, "warning": 20, "critical": 30}}',
            "trends.cpu.target",
            "10.0",
        ),
        ("RHYTHM_ROUTING__HOLD", "2h", "routing.hold", "2:00:00"),
        ("RHYTHM_CLEANUP__DRY_RUN", "false", "cleanup.dry_run", "False"),
        ("RHYTHM_REPLANS__LEDGER", "ledger.jsonl", "replans.ledger", "{tmp}/ledger.jsonl"),
        ("RHYTHM_ADOPTED", '{"Old": "daily_routine"}', "adopted", "{'Old': 'daily_routine'}"),
        ("RHYTHM_TIMEZONE", "", "timezone", "UTC"),
    ],
)
def test_a_variable_overrides_every_top_level_key(
    variable: str,
    value: str,
    key: str,
    expected: str,
    make_settings: MakeSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path.as_posix()
    monkeypatch.setenv(variable, value.replace("{tmp}", folder))
    text = """
        timezone = "UTC"
        scripts_dir = "s"
        outputs_dir = "o"
        allow = ["a"]
        python = "python"
        secret_env = ["FILE"]
        endpoints = [{ name = "file", url = "http://localhost:2/" }]
    """

    found = attrgetter(key)(make_settings(text + A))

    said = " ".join(str(item) for item in found) if isinstance(found, tuple) else str(found)
    assert said.replace("\\", "/") == expected.replace("{tmp}", folder)


def test_every_top_level_key_has_been_tried_above() -> None:
    assert set(Settings.model_fields) == {
        "name",
        "listen",
        "pacing",
        "auth",
        "server_password",
        "allowed_hosts",
        "keep_output",
        "keep_output_size",
        "log_lines",
        "trusted_proxy",
        "allow_foreign_deployments",
        "timezone",
        "scripts_dir",
        "outputs_dir",
        "allow",
        "python",
        "env",
        "env_file",
        "secret_env",
        "endpoints",
        "database_url",
        "retention",
        "health",
        "breaker",
        "trends",
        "routing",
        "cleanup",
        "replans",
        "adopted",
        "groups",  # below
    }


def test_variables_change_single_keys_of_a_group_and_leave_the_rest(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHYTHM_GROUPS__A__EVERY", "7m")
    monkeypatch.setenv("RHYTHM_GROUPS__A__ENABLED", "false")
    monkeypatch.setenv("RHYTHM_GROUPS__B__STEPS", '["./backup", ["check_health", "--fast"]]')

    groups = make_settings(A + B).groups

    assert (groups["a"].every, groups["a"].enabled) == (timedelta(minutes=7), False)
    assert (groups["b"].every, groups["b"].enabled) == (timedelta(minutes=10), True)
    assert [step.run for step in groups["a"].steps] == [("check_health",)]
    assert [step.run for step in groups["b"].steps] == [("./backup",), ("check_health", "--fast")]


def test_a_variable_may_hold_all_groups_as_json(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHYTHM_GROUPS", '{"c": {"every": "1h", "steps": ["check_health"]}}')

    assert make_settings("").groups["c"].every == timedelta(hours=1)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RHYTHM_GROUPS", '{"a": '),
        ("RHYTHM_GROUPS__A__STEPS", '["check_health"'),
        ("RHYTHM_ALLOW", "/somewhere"),
        ("RHYTHM_SECRET_ENV", "TOKEN"),
    ],
)
def test_a_variable_that_should_hold_json_and_does_not_is_named(
    variable: str, value: str, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)

    (problem,) = problems_of(make_settings, A)

    assert problem.where == variable
    assert problem.problem.startswith("is not JSON (")
    assert problem.remedy.startswith("Write it as JSON")


@pytest.mark.parametrize(
    ("variable", "value", "where"),
    [
        ("RHYTHM_TIMEZONE", "Mars/Olympus", "RHYTHM_TIMEZONE: timezone"),
        ("RHYTHM_GROUPS__A__EVERY", "-5m", "RHYTHM_GROUPS__A__EVERY: groups.a.every"),
        ("RHYTHM_GROUPS__A__EVERYY", "5m", "RHYTHM_GROUPS__A__EVERYY: groups.a.everyy"),
    ],
)
def test_what_is_wrong_with_a_variables_value_names_the_variable(
    variable: str, value: str, where: str, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)

    (problem,) = problems_of(make_settings, A)

    assert problem.where == where


# What is wrong: file, key, fault, remedy

CALENDARS = [
    ("days = 'mon'\nevery = '1d'\ncron = '0 7 * * *'", "cron", "needs exactly one of", "Write every"),
    ("cron = '0 7 * * *'\ndays = 'mon'", "days", "does not go with `cron`", "the fields of `cron`"),
    ("cron = '0 7 * *'", "cron", "'0 7 * *' has 4 fields, not 5", "Write minute, hour"),
    ("cron = '0 7 * * mo'", "cron", "is not cron's: bad day-of-week", "Write minute, hour"),
    ("cron = '@reboot'", "cron", "'@reboot' is not five fields", "A group with `every`"),
    ("cron = '0 7 31 2 *'", "cron", "'0 7 31 2 *' never comes", "there is no 31 February"),
    ("cron = 5", "cron", "5 is not text", "Write minute, hour"),
    ("at = '03:00'\ndays = ['mno']", "days", "names no day: 'mno'", "Did you mean 'mon'?"),
    ("at = '03:00'\ndays = ['frist sun']", "days", "names no day: 'frist sun'", "Did you mean 'first sun'?"),
    ("at = '03:00'\ndays = [32]", "days", "names no day: 32", "days of the month (1 to 31"),
    ("at = '03:00'\ndays = [true]", "days", "names no day: True", 'Write "weekdays"'),
    ("at = '03:00'\ndays = []", "days", "is empty", 'Write "weekdays"'),
    ("at = []", "at", "is empty", "Write times of day"),
    ("at = '03:00'\nbetween = ['08:00', '20:00']", "between", "does not go with `at`", "Write the times"),
    ("cron = '0 7 * * *'\nbetween = ['08:00', '20:00']", "between", "not go with `cron`", "second field"),
    (
        "every = '2d'\nbetween = ['08:00', '20:00']",
        "between",
        "needs an `every` of at most a day",
        "Write at",
    ),
    ("every = '1h'\nbetween = ['08:00', '08:00']", "between", "begins when it ends", "Take `between` out"),
    ("every = '1h'\nbetween = '08:00'", "between", "is not a list of two times", "Write two of them"),
    ("every = '1h'\nbetween = ['08:00', '25:00']", "between", "is not a time of day", "Write hours"),
    ("at = '03:00'\nfrom = '2026-11-30'", "from", "does not go with `at`", "the anchor of `every`"),
    ("every = '1h'\nbetween = ['08:00', '20:00']\nfrom = 2026-11-30", "from", "`between`", "Take it out"),
    ("every = '1h'\nfrom = 'monday'", "from", "'monday' is not a date and time", "2026-11-30T07:00"),
    ("every = '0 months'", "every", "'0 months' is out of range", "1 to 120 months"),
    ("every = '1 fortnight'", "every", "'1 fortnight' is not a duration", "'1w'"),
    ("at = '03:00'\nexcept = ['24.12.']", "except.0", "'24.12.' is not a date", "Write a date"),
    (
        "at = '03:00'\nexcept = ['2027-01-01..2026-12-24']",
        "except.0",
        "ends before it begins",
        "'2026-12-24..2027-01-01'",
    ),
    ("at = '03:00'\nexcept = ['2020-01-01..2120-01-01']", "except", "leaves no time at all", "Except less"),
    ("at = '03:00'\ncatch_up = '4x'", "catch_up", "'4x' is neither true, false nor a duration", "'4h'"),
    ("at = '03:00'\nfirst_run = 'later'", "first_run", "'later' is not possible here", "Write 'now'"),
    ("at = '03:00'\ntimezone = 'Berlin'", "timezone", "'Berlin' is not a known time zone", "Europe/Berlin"),
    ("every = '1 year'\nfrom = 2026-02-28\ndays = [1]", "days", "never comes together with", "Choose days"),
]


@pytest.mark.parametrize(
    ("text", "key", "fault", "remedy"),
    [
        ("colour = 'red'" + A, "colour", "unknown key", "Take it out, or correct its spelling."),
        *(
            (
                A.replace("[groups.a]", f"[groups.{name}]"),
                f"groups.{name}",
                f"'{name}' is a name of Rhythm's own",
                "Give the group another name.",
            )
            for name in ("rhythm", "beat", "dashboard", "daily_briefing")
        ),
        (
            "name = 'prefect-two'" + A,
            "name",
            "'prefect-two' begins as Prefect's own work pools do",
            "Choose a name without 'prefect'.",
        ),
        (A + "evry = '5m'", "groups.a.evry", "unknown key", "Did you mean 'every'? Otherwise take it out."),
        (A + "after = ['b']", "groups.a.after", "no such group: 'b'", "The groups are a."),
        (
            A + B.replace("[groups.b]", "[groups.health]") + "after = ['helth']",
            "groups.health.after",
            "no such group: 'helth'",
            "Did you mean 'health'? The groups are a, health.",
        ),
        (
            A + "after = ['b']" + B + "after = ['a']",
            "groups.a.after",
            "dependency cycle: a → b → a",
            "Take one of these `after` away.",
        ),
        (
            A + "after = ['a']",
            "groups.a.after",
            "dependency cycle: a → a",
            "Take one of these `after` away.",
        ),
        (A + "after = 'b'", "groups.a.after", "'b' is not a list", 'Write a list: ["…", "…"].'),
        (
            A.replace("10m", "-5m"),
            "groups.a.every",
            "'-5m' is not a duration",
            "Write a number and a unit: '90s'",
        ),
        (
            A.replace("10m", "0s"),
            "groups.a.every",
            "'0s' is out of range",
            "Write a number and a unit: '90s'",
        ),
        (
            A.replace('"10m"', "true"),
            "groups.a.every",
            "true is not a duration",
            "Write a number and a unit: '90s'",
        ),
        (
            A.replace('every = "10m"', 'at = "25:00"'),
            "groups.a.at",
            "'25:00' is not a time of day",
            "Write hours and minutes, '00:00' to '23:59'.",
        ),
        (
            A + "at = '03:00'",
            "groups.a.at",
            "needs exactly one of `every`, `at` and `cron`",
            'Write every = "10m", at = "03:00", or cron = "0 7 * * 1-5".',
        ),
        (
            A.replace('every = "10m"', ""),
            "groups.a",
            "needs exactly one of `every`, `at` and `cron`",
            'Write every = "10m", at = "03:00", or cron = "0 7 * * 1-5".',
        ),
        (
            "timezone = 'Mars/Olympus'" + A,
            "timezone",
            "'Mars/Olympus' is not a known time zone",
            "Write a name like 'Europe/Berlin'",
        ),
        ("timezone = ''" + A, "timezone", "'' is not a known time zone", "Write a name like 'Europe/Berlin'"),
        ("timezone = '../UTC'" + A, "timezone", "'../UTC' is not a known time zone", "Write a name like"),
        ("timezone = 9" + A, "timezone", "9 is not text", "Write it in quotes."),
        (
            A.replace('["check_health"]', '["check_health --fast", "check_health"]'),
            "groups.a.steps",
            "has two steps named 'check_health'",
            'Give one of them another name: { run = "…", name = "…" }.',
        ),
        (A.replace('["check_health"]', "[]"), "groups.a.steps", "is empty", "Write at least 1 entry."),
        (
            A.replace('["check_health"]', '"check_health"'),
            "groups.a.steps",
            "'check_health' is not a list",
            "Write a",
        ),
        ("[groups.a]\nevery = '5m'", "groups.a.steps", "is missing", "Add it."),
        ("", "groups", "is missing", "Add it."),
        ("[groups]", "groups", "is empty", "Write at least 1 entry."),
        ("groups = 3", "groups", "3 is not a table", "Write it as a table"),
        ("groups.a = 3", "groups.a", "3 is not a table", "Write it as a table"),
        (
            A.replace("groups.a", "groups.A-1"),
            "groups.A-1",
            "'A-1' is not a valid group name",
            "Use lower-case",
        ),
        (A + "attempts = 0", "groups.a.attempts", "0 is too small", "Write 1 or more."),
        (A + "attempts = 101", "groups.a.attempts", "101 is too large", "Write 100 or less."),
        (
            A + "attempts = 'many'",
            "groups.a.attempts",
            "'many' is not a whole number",
            "Write a whole number",
        ),
        (A + "attempts = 1.5", "groups.a.attempts", "1.5 is not a whole number", "Write a whole number"),
        (
            A + "enabled = 'maybe'",
            "groups.a.enabled",
            "'maybe' is neither true nor false",
            "Write true or false.",
        ),
        (
            A + "on_failure = 'panic'",
            "groups.a.on_failure",
            "'panic' is not possible here",
            "Write 'continue' or 'stop'.",
        ),
        ("scripts_dir = 3" + A, "scripts_dir", "3 is not a path", "Write it in quotes."),
        pytest.param(
            "scripts_dir = '~nobody_of_this_name/x'" + A,
            "scripts_dir",
            "'~nobody_of_this_name/x' begins with a user whose home is unknown",
            "Write the whole path.",
            marks=posix_only,
        ),
        ('outputs_dir = "a\\u0000"' + A, "outputs_dir", "'a\\x00' contains a NUL character", "Take it out."),
        (
            A + "[[endpoints]]\nname = 'x'\nurl = 'nothing'",
            "endpoints.0.url",
            "'nothing' is not a URL",
            "Write one like 'http://",
        ),
        (
            A + "[[endpoints]]\nname = ''\nurl = 'http://x'",
            "endpoints.0.name",
            "'' is empty",
            "Write at least 1",
        ),
    ],
)
def test_what_is_wrong_is_reported_with_file_key_fault_and_remedy(
    text: str, key: str, fault: str, remedy: str, make_settings: MakeSettings, tmp_path: Path
) -> None:
    (problem,) = problems_of(make_settings, text)

    place, _, keys = problem.where.partition(": ")
    assert re.fullmatch(rf"{re.escape(str(tmp_path / 'rhythm.toml'))}(:[1-9]\d*)?", place)
    assert keys == key
    assert problem.problem == fault
    assert problem.remedy.startswith(remedy)


def test_all_that_is_wrong_is_reported_at_once_and_each_thing_once(make_settings: MakeSettings) -> None:
    text = A.replace('["check_health"]', '["no_such", { run = "check_health", colour = 1 }]') + "attempts = 0"

    found = [problem.where.partition(": ")[2] for problem in problems_of(make_settings, "x = 1" + text)]

    assert sorted(found) == ["groups.a.attempts", "groups.a.steps.0", "groups.a.steps.1.colour", "x"]


def test_a_problem_reads_as_a_sentence_and_its_remedy(make_settings: MakeSettings, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        make_settings("x = 1" + A)

    said = f"{tmp_path / 'rhythm.toml'}:1: x: unknown key. Take it out, or correct its spelling."
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("written", "key", "fault", "remedy"), CALENDARS, ids=[each[0] for each in CALENDARS]
)
def test_a_calendar_that_cannot_be_is_reported_with_its_key_and_what_to_write(
    written: str, key: str, fault: str, remedy: str, make_settings: MakeSettings, tmp_path: Path
) -> None:
    text = A.replace('every = "10m"', written)
    (problem,) = problems_of(make_settings, text)

    line = next(
        number for number, line in enumerate(text.split("\n"), 1) if line.startswith(key.split(".")[0])
    )
    assert problem.where == f"{tmp_path / 'rhythm.toml'}:{line}: groups.a.{key}"
    assert fault in problem.problem
    assert remedy in problem.remedy


def test_holidays_of_nobody_are_reported_with_what_may_have_been_meant(make_settings: MakeSettings) -> None:
    pytest.importorskip("holidays")
    (country,) = problems_of(make_settings, A + "except = ['holidays:DEU-XX']")
    (unknown,) = problems_of(make_settings, A + "except = ['holidays:XX']")

    assert "holidays of no known part: XX" in country.problem
    assert "The parts of DEU are" in country.remedy
    assert "holidays of no known country: XX" in unknown.problem


def test_holidays_without_their_package_are_reported_with_how_to_install_it(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)

    (problem,) = problems_of(make_settings, A + "except = ['holidays:DE']")

    assert problem.problem == "'holidays:DE' needs the package `holidays`, which is not installed"
    assert '-m pip install "rhythm[holidays]"' in problem.remedy


# Files that are none


def test_broken_toml_is_reported_with_its_line(make_settings: MakeSettings, tmp_path: Path) -> None:
    (problem,) = problems_of(make_settings, A + "x = \n")

    assert problem.where == str(tmp_path / "rhythm.toml")
    assert problem.problem.startswith("is not valid TOML: ")
    assert "line 5" in problem.problem
    assert "toml.io" in problem.remedy


def test_a_key_that_comes_twice_is_broken_toml(make_settings: MakeSettings) -> None:
    (problem,) = problems_of(make_settings, A + A)

    assert problem.problem.startswith("is not valid TOML: ")


@pytest.mark.parametrize("encoding", ["utf-16", "cp949"])
def test_a_file_that_is_not_utf_8_is_named_with_its_line(encoding: str, make_settings: MakeSettings) -> None:
    text = "# one\n# 하나\n".encode(encoding)

    (problem,) = problems_of(make_settings, text)

    assert problem.problem == f"line {1 if encoding == 'utf-16' else 2} is not UTF-8"
    assert problem.remedy == "Save the file as UTF-8."


def test_a_folder_in_place_of_the_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read .*Make it a file that you may read"):
        config.load(tmp_path)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="root may read everything, and Windows has no such permissions",
)
def test_a_file_that_may_not_be_read_is_reported(make_settings: MakeSettings, tmp_path: Path) -> None:
    make_settings(A)
    (tmp_path / "rhythm.toml").chmod(0)

    with pytest.raises(ConfigError, match=r"cannot be read \(Permission denied\)"):
        config.load(tmp_path / "rhythm.toml")


def test_a_problem_becomes_json_with_three_keys() -> None:
    assert Problem("here", "is wrong", "Correct it.").to_json() == {
        "where": "here",
        "problem": "is wrong",
        "remedy": "Correct it.",
    }


# Prefect's server


def test_the_server_listens_on_this_machine_and_has_a_password_unless_set_otherwise(
    make_settings: MakeSettings,
) -> None:
    settings = make_settings(A)

    assert (settings.listen, settings.auth, settings.server_password) == (None, "password", None)
    assert (settings.allowed_hosts, settings.trusted_proxy) == ((), None)
    assert not settings.allow_foreign_deployments


@pytest.mark.parametrize(
    ("written", "host", "port", "is_loopback", "is_every"),
    [
        ("127.0.0.1:4200", "127.0.0.1", 4200, True, False),
        ("localhost:1", "localhost", 1, True, False),
        ("[::1]:4200", "::1", 4200, True, False),
        ("0.0.0.0:65535", "0.0.0.0", 65535, False, True),  # noqa: S104 - only read
        ("[::]:4200", "::", 4200, False, True),
        ("192.168.1.5:4200", "192.168.1.5", 4200, False, False),
    ],
)
def test_listen_is_an_address_and_a_port(
    make_settings: MakeSettings, written: str, host: str, port: int, is_loopback: bool, is_every: bool
) -> None:
    listen = make_settings(f'listen = "{written}"\n{A}').listen

    assert listen
    assert (listen.host, listen.port, str(listen)) == (host, port, written)
    assert (listen.is_loopback, listen.is_every_address) == (is_loopback, is_every)


@pytest.mark.parametrize(
    "written", ["4200", ":4200", "127.0.0.1", "127.0.0.1:0", "0.0.0.0:65536", "example.com:80", "::1:80", ""]
)
def test_what_is_not_an_address_and_a_port_is_named(make_settings: MakeSettings, written: str) -> None:
    (problem,) = problems_of(make_settings, f'listen = "{written}"\n{A}')

    assert problem.where.endswith(": listen")
    assert "is not an address and a port" in problem.problem
    assert "127.0.0.1:4200" in problem.remedy


def test_listening_for_other_machines_without_a_password_is_refused(make_settings: MakeSettings) -> None:
    (problem,) = problems_of(make_settings, f'listen = "0.0.0.0:4200"\nauth = "off"\n{A}')

    assert problem.where.endswith(": listen")
    assert "would let everybody in who can reach 0.0.0.0:4200" in problem.problem
    assert make_settings(f'listen = "127.0.0.1:4200"\nauth = "off"\n{A}').auth == "off"


@pytest.mark.parametrize("written", ["https://a.example", "a.example/ui", "*", "a b", "a.example:port", ""])
def test_an_allowed_host_is_a_host(make_settings: MakeSettings, written: str) -> None:
    (problem,) = problems_of(make_settings, f'allowed_hosts = ["{written}"]\n{A}')

    assert "is not a host name" in problem.problem


def test_hosts_are_compared_in_lower_case(make_settings: MakeSettings) -> None:
    hosts = make_settings(f'allowed_hosts = ["Rhythm.Example.com:8443", "[FE80::1]"]\n{A}').allowed_hosts

    assert hosts == ("rhythm.example.com:8443", "[fe80::1]")


@pytest.mark.parametrize("written", ["proxy.example.com", "*", "10.0.0.1/8"])
def test_a_trusted_proxy_is_an_address(make_settings: MakeSettings, written: str) -> None:
    (problem,) = problems_of(make_settings, f'trusted_proxy = "{written}"\n{A}')

    assert "is not an address" in problem.problem


@pytest.mark.parametrize(
    ("written", "fault"), [("hunter2", "is too short"), ("비밀번호-비밀번호", "cannot compare")]
)
def test_a_password_that_cannot_be_used_is_refused_and_not_printed(
    make_settings: MakeSettings, written: str, fault: str
) -> None:
    (problem,) = problems_of(make_settings, f'server_password = "{written}"\n{A}')

    assert fault in problem.problem
    assert written not in str(problem)


def test_the_environment_may_hold_the_password(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHYTHM_SERVER_PASSWORD", "from the environment")

    password = make_settings(f'server_password = "from the file"\n{A}').server_password

    assert password
    assert password.get_secret_value() == "from the environment"
    assert "environment" not in repr(password)


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EACCES, "Make it a file that you may read."),
        (errno.EMFILE, "Allow more open files here: `ulimit -n 1024`"),
        (errno.EIO, "Look at its disk"),
    ],
)
def test_a_file_that_cannot_be_read_is_reported_with_what_the_cause_wants(
    number: int, remedy: str, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> bytes:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "read_bytes", fail)

    (problem,) = problems_of(make_settings, A)

    assert problem.problem == f"cannot be read ({os.strerror(number)})"
    assert problem.remedy.startswith(remedy)


@pytest.mark.parametrize("value", ["x" * 70_000, "하" * 70_000])
def test_a_long_value_is_reported_without_its_middle(value: str, make_settings: MakeSettings) -> None:
    (problem,) = problems_of(make_settings, A + f"on_failure = 'be{value}en'")

    assert len(problem.problem.encode()) <= 500
    assert problem.problem.startswith("'be")
    assert "…" in problem.problem
    assert problem.problem.endswith("en' is not possible here")
