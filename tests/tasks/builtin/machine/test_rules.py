"""Whom the rules name: all conditions must hold, and whoever is protected is never named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.machine.processes import ProcessInfo
from tasks.builtin.machine.rules import IdleSince, Subject, idle_since, is_service, matches, protected
from tasks.settings.builtins import CleanupRule
from tests.tasks.builtin.conftest import NOW

HOUR = 3600.0
ME = "me"


def subject(
    pid: int = 100,
    *,
    parent: int = 1,
    age: float | None = 2 * HOUR,
    cpu: float | None = 1.0,
    rss: int | None = 200_000_000,
    zombie: bool = False,
    user: str = ME,
    command: str = "python agent_worker.py",
) -> Subject:
    created = None if age is None else NOW.timestamp() - age
    return Subject(ProcessInfo(pid, parent, "python", True, zombie, created, cpu, rss), user, command)


def rule(**more: Any) -> CleanupRule:
    return CleanupRule.model_validate({"command": r"agent_worker\.py", "older_than": "1h", **more})


def named(one: Subject, *rules: CleanupRule, excluded: tuple[int, ...] = ()) -> bool:
    return bool(matches([one], rules, excluded, ME, idle_since([one], {}, NOW), NOW))


@pytest.mark.parametrize(
    ("one", "rules", "is_named"),
    [
        (subject(), [rule()], True),
        (subject(), [], False),
        (subject(command="python other.py"), [rule()], False),
        (subject(age=HOUR - 1), [rule()], False),
        (subject(), [rule(idle="1h")], True),
        (subject(cpu=100.0), [rule(idle="1h")], False),  # it has worked, when is not known
        (subject(), [rule(memory_mb=200)], True),
        (subject(rss=199_999_999), [rule(memory_mb=200)], False),
        (subject(rss=None), [rule(memory_mb=200)], False),
        (subject(), [rule(idle="3h"), rule(memory_mb=100)], True),  # one rule is enough
        (subject(user="somebody else"), [rule()], False),
        (subject(user=""), [rule()], False),  # the system does not tell
        (subject(command=""), [rule()], False),
        (subject(age=None), [rule()], False),
        (subject(zombie=True), [rule()], False),
        (subject(command="prefect worker start agent_worker.py"), [rule()], False),
    ],
)
def test_all_conditions_of_a_rule_must_hold(one: Subject, rules: list[CleanupRule], is_named: bool) -> None:
    assert named(one, *rules) is is_named


def test_the_reason_names_the_rule_and_what_it_found() -> None:
    (match,) = matches([subject()], [rule(memory_mb=100)], (), ME, {}, NOW)
    assert match.reason == "matches 'agent_worker\\\\.py', 2 hours old, 200.0 MB of memory"


def test_idleness_lasts_until_there_is_work() -> None:
    first = idle_since([subject(cpu=5.0)], {}, NOW)
    (key,) = first
    assert first[key] == IdleSince(NOW - timedelta(hours=2), 0.0)
    later = NOW + timedelta(hours=1)
    assert idle_since([subject(cpu=6.0)], first, later) == first
    worked = idle_since([subject(cpu=600.0)], first, later)
    assert worked[key] == IdleSince(later, 600.0)
    assert idle_since([subject(pid=7, cpu=600.0)], first, later).keys() != first.keys()  # another process


@pytest.mark.parametrize(
    ("command", "is_one"),
    [
        ("/v/bin/python /v/bin/prefect server start", True),
        ("python -m prefect worker start --pool rhythm", True),
        ("python -m uvicorn --factory prefect.server.api.server:create_app", True),
        ("C:\\v\\Scripts\\prefect.exe worker start", True),
        ("python -m deployments.cli.main up", True),
        ("python -m deployments.daemon --isolated", True),
        ("python -P /v/lib/rhythm_entry.py deployments.daemon", True),
        ("python -P /v/lib/rhythm_entry.py deployments.server.api_server", True),
        ("pythonw.exe -P C:\\v\\rhythm_entry.py deployments.service.background x.log", True),
        ("/v/bin/python /v/bin/rhythm up", True),
        ("/v/bin/python -I -S /v/lib/tasks/process/subreaper_program.py 9", True),
        ("python agent_worker.py", False),
        ("python rhythm_of_my_life.py", False),
    ],
)
def test_prefects_and_our_own_services_are_known_by_their_command_lines(command: str, is_one: bool) -> None:
    assert is_service(command) is is_one


FAMILY = [
    ProcessInfo(pid, parent, "python", True, False, 0.0, 0.0, 0)
    for pid, parent in ((1, 0), (4, 0), (10, 1), (11, 10), (12, 11), (20, 1), (21, 20), (22, 21), (30, 1))
]


def test_we_our_parents_the_system_and_the_services_with_all_below_them_are_protected() -> None:
    assert protected(FAMILY, 12, {20}) == {0, 1, 4, 10, 11, 12, 20, 21, 22}


@given(st.lists(st.sampled_from([process.pid for process in FAMILY]), unique=True), st.data())
def test_whoever_is_protected_is_never_named_whatever_the_rules(
    services: list[int], data: st.DataObject
) -> None:
    own = data.draw(st.sampled_from([process.pid for process in FAMILY]))
    excluded = protected(FAMILY, own, services)
    subjects = [
        Subject(process, ME, data.draw(st.sampled_from(["agent_worker.py", "prefect server start", ""])))
        for process in FAMILY
    ]
    everything = CleanupRule.model_validate({"command": ".*.*", "older_than": "1s"})
    found = {match.subject.info.pid for match in matches(subjects, [everything], excluded, ME, {}, NOW)}
    assert not found & excluded
    assert own not in found
