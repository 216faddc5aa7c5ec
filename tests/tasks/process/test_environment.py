"""Variables, merged and looked up by the rule of either platform."""

from __future__ import annotations

import pytest

from tasks.process.environment import lookup, merged


def test_where_case_counts_two_spellings_are_two_variables() -> None:
    both = merged({"PATH": "/bin"}, {"Path": "/opt"}, ignore_case=False)

    assert both == {"PATH": "/bin", "Path": "/opt"}
    assert lookup(both, "Path", ignore_case=False) == "/opt"
    assert lookup(both, "path", ignore_case=False) == ""


def test_where_case_is_ignored_the_upper_environment_replaces_the_other_spelling() -> None:
    one = merged({"PATH": "C:/Windows", "TEMP": "C:/T"}, {"Path": "D:/tools"}, ignore_case=True)

    assert one == {"TEMP": "C:/T", "Path": "D:/tools"}
    assert lookup(one, "pATH", ignore_case=True) == "D:/tools"


def test_of_several_spellings_of_one_environment_the_last_counts() -> None:
    assert merged({}, {"Token": "a", "TOKEN": "b"}, ignore_case=True) == {"TOKEN": "b"}
    assert lookup({"Token": "a", "TOKEN": "b"}, "token", ignore_case=True) == "b"


@pytest.mark.parametrize("ignore_case", [True, False])
def test_what_is_not_set_is_empty(ignore_case: bool) -> None:
    assert lookup({"A": "1"}, "B", ignore_case=ignore_case) == ""
