"""What Prefect's UI shows of a group is what rhythm.toml has now."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.description import group_description
from flows.group import group_flow
from tests.flows.rhythms import rhythm


def test_the_purpose_comes_first_and_what_is_not_said_has_no_line() -> None:
    described = group_description("health_check", rhythm(), "Is it up?")

    assert described.startswith("Is it up?\n\n- **When:** every 10 minutes\n- **Steps:** check_health\n\n")


def test_a_group_that_is_switched_off_is_shown_as_such() -> None:
    described = group_description("daily_routine", rhythm(daily_routine={"enabled": False}))

    assert "- **When:** never, as rhythm.toml has enabled = false\n- **After:** system" in described


def test_a_flow_describes_itself_by_the_rhythm_toml_of_that_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    flow = group_flow("described")
    assert flow.description is None

    for every, when in (("1h", "every hour"), ("2h", "every 2 hours")):
        text = f'[groups.described]\nevery = "{every}"\nsteps = ["check_health"]\n'
        (tmp_path / "rhythm.toml").write_text(text, encoding="utf-8")
        assert when in str(flow.description)
