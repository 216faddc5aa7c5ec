"""What `rhythm run`, `retry` and `pause` make of what was typed, before any server is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from deployments.cli.arguments import in_front
from deployments.cli.pause import timestamp
from deployments.cli.retry import refusal
from deployments.cli.run import wanted
from flows.decisions.group_runs import Run
from flows.group import GroupOptions
from flows.memory.unfinished import unfinished
from tasks.outcome import Outcome
from tasks.problem import ConfigError
from tests.flows.rhythms import rhythm

BERLIN = ZoneInfo("Europe/Berlin")
#: The evening before the clocks are set forward, 18:30 there.
EVENING = datetime(2026, 3, 28, 17, 30, tzinfo=UTC)
SETTINGS = rhythm(
    groups={
        "backup": {"every": "1h", "steps": ["copy.py", "shared.py"]},
        "report": {"every": "1h", "steps": ["shared.py", {"run": "mail.py --all", "name": "send mail"}]},
        "stops": {"every": "1h", "steps": ["one.py", "two.py", "three.py"], "on_failure": "stop"},
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("19:00", "2026-03-28T18:00"),
        ("18:30", "2026-03-29T16:30"),  # which is now, so tomorrow's: summer time by then
        ("02:30", "2026-03-29T01:30"),  # which that night does not have: 03:30
        ("2h", "2026-03-28T19:30"),
        ("1h30m", "2026-03-28T19:00"),
        ("2026-12-01T07:00", "2026-12-01T06:00"),
        ("2026-12-01 07:00+05:00", "2026-12-01T02:00"),
        ("2026-12-01", "2026-11-30T23:00"),
    ],
)
def test_a_time_to_pause_until_is_one_of_day_a_duration_or_a_date(text: str, expected: str) -> None:
    assert timestamp(text, EVENING, BERLIN) == datetime.fromisoformat(f"{expected}+00:00")


@pytest.mark.parametrize(
    "text", ["yesterday", "25:00", "0s", "-2h", "2026-03-28T18:30", "1999-01-01", "9999-12-31T23:59", "400d"]
)
def test_what_is_no_time_or_not_ahead_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ConfigError, match="Write 14:00, 2h"):
        timestamp(text, EVENING, BERLIN)


@pytest.mark.parametrize(
    ("line", "group", "only", "arguments"),
    [
        ("backup", "backup", [], ()),
        ("copy", "backup", ["copy"], ()),
        ("copy -Target D:", "backup", ["copy"], ("-Target", "D:")),
        ("report/shared", "report", ["shared"], ()),
    ],
)
def test_a_name_is_that_of_a_group_or_of_a_step(
    line: str, group: str, only: list[str], arguments: tuple[str, ...]
) -> None:
    name, *args = line.split()

    found = wanted(name, args, [], SETTINGS)

    assert (found.group, found.options, found.arguments) == (group, GroupOptions(only=only), arguments)
    assert found.options.is_part == bool(only)


def test_only_some_steps_of_a_group_are_wanted_each_once() -> None:
    found = wanted("report", [], ["send mail", "shared", "send mail"], SETTINGS)

    assert found.options.only == ["send mail", "shared"]
    assert found.label == "report/send mail,shared"


@pytest.mark.parametrize(
    ("line", "only", "message"),
    [
        ("bakup", [], "Did you mean 'backup'?"),
        ("coppy", [], "Did you mean 'copy'?"),
        ("shared", [], "Write rhythm run backup/shared or rhythm run report/shared."),
        ("backup -Target", [], "backup is a group, and takes no arguments: '-Target'"),
        ("backup", ["cpy"], "Did you mean 'copy'?"),
        ("copy", ["copy"], "no such group: 'copy'"),
        ("check_health", [], "`rhythm step check_health` runs it by itself"),
    ],
)
def test_what_is_neither_is_refused_with_what_was_meant(line: str, only: list[str], message: str) -> None:
    name, *args = line.split()
    with pytest.raises(ConfigError, match="run") as refused:
        wanted(name, args, only, SETTINGS)

    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("backup --only copy", "--only copy backup"),
        ("backup --only copy --only=b -x", "--only copy --only=b backup -x"),
        ("copy -- --only x", "copy -- --only x"),
        ("copy -Target D:", "copy -Target D:"),
        ("backup --only", "--only backup"),
    ],
)
def test_an_option_may_stand_behind_the_name(line: str, expected: str) -> None:
    assert in_front("--only", line.split()) == expected.split()


FINE, ILL = Outcome.COMPLETED, Outcome.FAILED


@pytest.mark.parametrize(
    ("group", "chosen", "ended", "left"),
    [
        ("backup", "copy shared", {"copy": FINE, "shared": ILL}, ["shared"]),
        ("backup", "copy shared", {"copy": ILL, "shared": Outcome.TIMED_OUT}, ["copy", "shared"]),
        ("backup", "copy shared", {"copy": FINE, "shared": Outcome.SKIPPED}, []),
        ("backup", "shared", {"shared": ILL}, ["shared"]),
        ("backup", "copy shared", {"copy": ILL}, None),  # the server has not written the other one yet
        ("backup", "copy shared", {"copy": FINE, "shared": None}, None),
        ("backup", "copy shared", {"copy": Outcome.CANCELLED}, ["copy", "shared"]),
        ("stops", "one two three", {"one": FINE, "two": ILL}, ["two", "three"]),
        ("stops", "one two three", {"two": ILL}, None),
        ("stops", "two three", {"two": Outcome.CRASHED}, ["two", "three"]),
    ],
)
def test_what_is_left_of_a_failed_run_is_what_failed_and_what_it_did_not_reach(
    group: str, chosen: str, ended: dict[str, Outcome | None], left: list[str] | None
) -> None:
    found = unfinished(SETTINGS.groups[group], chosen.split(), ended)

    assert (found if found is None else list(found)) == left
    assert unfinished(SETTINGS.groups[group], chosen.split(), ended, is_all=True) is not None


def test_only_a_group_that_has_failed_is_tried_again() -> None:
    began = datetime.now(UTC) - timedelta(days=3)

    assert "is running since" in refusal("backup", Run(began), SETTINGS)
    assert "has not failed" in refusal("backup", Run(began, began, Outcome.COMPLETED), SETTINGS)
    for outcome in (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.CRASHED, Outcome.CANCELLED, Outcome.SKIPPED):
        assert refusal("backup", Run(began, began, outcome), SETTINGS) == ""
