"""`rhythm advise`: from what is stored to lines of rhythm.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from flows.replay.recorded import Recorded
from tasks.settings import rhythm_toml as config
from tasks.store.measurements import GroupEvent
from tasks.store.store import store_of
from tests.deployments.command_line import CommandLine
from tests.flows import machines

TOML = """\
# Mine.
timezone = "UTC"

[groups.check]
every = "10m"  # often
steps = ["check_health"]

[groups.copy]
every = "4h"
steps = ["check_health"]
"""
CALM, LONG = {"check": 5.0, "copy": 30.0}, {"check": 5.0, "copy": 2700.0}
Ran = Callable[..., CommandLine]


@pytest.fixture
def ran(rhythm: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Ran:
    """Given how long groups take, a rhythm that has run for some days."""

    def run(seconds: Mapping[str, float], days: int = 8) -> CommandLine:
        rhythm.write(TOML)
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        monkeypatch.setattr(machines, "START", today - timedelta(days=days))
        _, recorded = machines.machine(tomllib.loads(TOML)["groups"], seconds, days=days)
        _store(rhythm, recorded)
        return rhythm

    return run


def _store(rhythm: CommandLine, recorded: Recorded) -> None:
    with store_of(config.load(rhythm.config)) as store:
        store.add_beats(recorded.beats)
        store.add_readings(recorded.readings)
        store.add_steps(recorded.usages)
        store.add_decisions(
            GroupEvent(run.began, run.group, "run", run.reason, run.outcome, run.seconds)
            for run in recorded.runs
        )


def test_on_a_calm_machine_there_is_nothing_to_change(ran: Ran) -> None:
    rhythm = ran(CALM)

    said = rhythm("advise", "--apply")

    assert (said.code, said.err) == (0, "")
    assert "nothing to change" in said.out
    assert rhythm.config.read_text(encoding="utf-8") == TOML


def test_what_is_advised_is_shown_with_its_evidence_and_lines_and_nothing_is_changed(ran: Ran) -> None:
    rhythm = ran(LONG)

    said, found = rhythm("advise"), rhythm("advise", "--json").json

    assert said.code == 0
    assert "1. copy: a lane of its own" in said.out
    assert '[groups.copy]\n     lane = "long"' in said.out
    assert list(found) == ["from", "to", "enough", "advice", "together", "written"]
    assert (found["enough"], found["written"]) == (True, False)
    (advice,) = found["advice"]
    assert (advice["kind"], advice["group"], advice["toml"]) == (
        "lane",
        "copy",
        '[groups.copy]\nlane = "long"',
    )
    late = advice["evidence"][0]
    assert late["what"] == "others' slots late or lost"
    assert int(late["now"]) > 20
    assert int(late["then"]) == 0
    assert rhythm.config.read_text(encoding="utf-8") == TOML


def test_apply_writes_it_keeps_comments_and_shows_the_difference(ran: Ran) -> None:
    rhythm = ran(LONG)

    said = rhythm("advise", "--apply")

    text = rhythm.config.read_text(encoding="utf-8")
    assert said.code == 0
    assert text == TOML.replace("[groups.copy]\n", '[groups.copy]\nlane = "long"\n')
    assert '+lane = "long"' in said.out
    assert rhythm("check").code == 0


def test_less_than_a_week_is_not_enough(ran: Ran) -> None:
    rhythm = ran(LONG, days=5)

    said = rhythm("advise")

    assert said.code == 0
    assert "no advice yet: it needs the records of a week" in said.out
    assert rhythm("advise", "--json").json["enough"] is False


def test_it_loads_no_prefect(ran: Ran) -> None:
    said = ran(CALM).python(
        "-c",
        "import sys\n"
        "from deployments.cli.main import main\n"
        "code = main(['advise', '--json'])\n"
        "print('prefect' in sys.modules, file=sys.stderr)\n"
        "sys.exit(code)\n",
    )

    assert (said.code, said.err) == (0, "False\n")
