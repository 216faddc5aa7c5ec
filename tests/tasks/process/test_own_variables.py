"""What Rhythm sets for itself, and the account's environment without it."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.process.own_variables import BEFORE, accounts, set_default, set_own, take_back

names = st.sampled_from(["A", "B", "C", "PREFECT_API_URL"])
values = st.sampled_from(["", "1", "2"])
environments = st.dictionaries(names, values)


@given(environments, st.lists(environments))
def test_the_accounts_environment_is_what_was_there_before_however_often_something_is_set(
    before: dict[str, str], changes: list[dict[str, str]]
) -> None:
    environ = dict(before)
    for change in changes:
        set_own(change, environ)

    expected = dict(before)
    for change in changes:
        expected |= change
    assert accounts(environ) == before
    assert {name: value for name, value in environ.items() if name != BEFORE} == expected


@given(environments, environments)
def test_a_default_is_set_only_where_there_is_nothing(before: dict[str, str], more: dict[str, str]) -> None:
    environ = dict(before)

    set_default(more, environ)

    assert accounts(environ) == before
    assert {name: value for name, value in environ.items() if name != BEFORE} == more | before


@given(environments, environments, names)
def test_what_is_taken_back_is_as_it_was_before(
    before: dict[str, str], own: dict[str, str], name: str
) -> None:
    environ = dict(before)
    set_own(own, environ)

    take_back(name, environ)

    assert environ.get(name) == before.get(name)
    assert accounts(environ) == before


def test_a_process_that_inherits_it_knows_it_as_well() -> None:
    environ = {"PREFECT_HOME": "/mine", "PREFECT_API_URL": "http://mine"}
    set_own({"PREFECT_API_URL": "http://ours", "DO_NOT_TRACK": "1"}, environ)
    inherited = dict(environ)

    set_own({"PREFECT_API_URL": "http://another", "PYTHONUTF8": "1"}, inherited)

    assert accounts(inherited) == {"PREFECT_HOME": "/mine", "PREFECT_API_URL": "http://mine"}


def test_what_the_account_has_set_to_the_same_value_is_its_own() -> None:
    environ = {"DO_NOT_TRACK": "1"}

    set_own({"DO_NOT_TRACK": "1"}, environ)

    assert environ == accounts(environ) == {"DO_NOT_TRACK": "1"}


def test_what_systemd_and_prefect_say_to_one_process_is_not_handed_on() -> None:
    environ = {
        "PATH": "/bin",
        "JOURNAL_STREAM": "8:1",
        "NOTIFY_SOCKET": "/run/x",
        "INVOCATION_ID": "1",
        "PREFECT__FLOW_RUN_ID": "1",
    }

    assert accounts(environ) == {"PATH": "/bin"}


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "null", '{"A": 1}'])
def test_what_rhythm_has_not_written_is_no_record(text: str) -> None:
    assert accounts({"A": "1", BEFORE: text}) == {"A": "1"}


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere, names that differ in case are two")
def test_a_variable_is_known_however_it_is_spelled() -> None:
    environ = {"NO_PROXY": "a"}
    set_own({"no_proxy": "a,b"}, environ)

    assert json.loads(environ[BEFORE]).keys() == {"NO_PROXY"}
