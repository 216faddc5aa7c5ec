"""`rhythm replay`: the recorded days once more, from what is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tasks.outcome import Outcome
from tasks.settings import rhythm_toml as config
from tasks.store.measurements import BeatRecord, GroupEvent, Reading
from tasks.store.store import store_of
from tests.deployments.command_line import CommandLine

TOML = """
timezone = "UTC"
[groups.check]
every = "10m"
steps = ["check_health"]
[groups.copy]
every = "2h"
steps = ["check_health"]
"""
BEAT = timedelta(minutes=5)


@pytest.fixture
def recorded(rhythm: CommandLine) -> CommandLine:
    """A rhythm that has run for two days, as its store has it: each run of `copy` holds up a check."""
    rhythm.write(TOML)
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    beats, events = [], []
    for count in range(48 * 12):
        at, place = start + BEAT * count, count % 24
        if place in (1, 2):
            continue  # skipped: a copy runs
        if place == 3:
            at = at - BEAT + timedelta(seconds=405)  # an extra beat: the copy has ended
        beats.append(BeatRecord(at, 1005.0 if not place else 5.0))
        if not place % 2 or place == 3:
            events.append(GroupEvent(at, "check", "run", "due", Outcome.COMPLETED, 5.0))
        if not place:
            copied = at + timedelta(seconds=5)
            events.append(GroupEvent(copied, "copy", "run", "due", Outcome.COMPLETED, 1000.0))
    with store_of(config.load(rhythm.config)) as store:
        store.add_beats(beats)
        store.add_decisions(events)
        store.add_readings(Reading(beat.at, 10.0, of_beat=True) for beat in beats)
    return rhythm


def test_it_shows_each_group_and_how_exactly_the_days_were_replayed(recorded: CommandLine) -> None:
    said = recorded("replay")

    assert said.code == 0
    assert "runs, at the beats at which they were" in said.out
    assert "on schedule, as below: 312 runs; what beats at other times ran is left out" in said.out
    rows = {words[0]: words[1:] for line in said.out.splitlines() if (words := line.split())}
    assert rows["copy"][:5] == ["24", "0", "0", "0", "0"]
    assert rows["check"][3:5] == ["24", "0"]


def test_another_file_is_compared_figure_by_figure(recorded: CommandLine) -> None:
    other = recorded.folder / "other.toml"
    other.write_text(TOML.replace('every = "2h"', 'every = "2h"\nlane = "long"'), encoding="utf-8")

    shown = recorded("replay", "--with", str(other))
    figures = recorded("replay", "--with", str(other), "--json").json

    assert ["check", "late", "24", "0"] in [line.split() for line in shown.out.splitlines()]
    assert figures["now"]["groups"]["check"]["late"] == 24
    assert figures["then"]["groups"]["check"]["late"] == 0
    assert figures["then"]["skipped_beats"] == 0
    assert list(figures) == ["from", "to", "beats", "recorded_runs", "notes", "now", "then"]
    assert list(figures["now"]["runs"][0]) == ["group", "slot", "began", "seconds", "outcome", "reason"]


def test_it_loads_no_prefect(recorded: CommandLine) -> None:
    said = recorded.python(
        "-c",
        "import sys\n"
        "from deployments.cli.main import main\n"
        "code = main(['replay', '--json'])\n"
        "print('prefect' in sys.modules, file=sys.stderr)\n"
        "sys.exit(code)\n",
    )

    assert (said.code, said.err) == (0, "False\n")


def test_fewer_days_than_asked_for_are_pointed_out(recorded: CommandLine) -> None:
    said = recorded("replay", "--days", "30")

    assert said.code == 0
    assert "2 days are recorded, not 30 days" in said.err


def test_where_nothing_is_recorded_it_says_so(rhythm: CommandLine) -> None:
    rhythm.write(TOML)

    said = rhythm("replay")

    assert said.code == 1
    assert "no beat is recorded yet" in said.err


def test_another_file_that_is_not_there_is_an_error(recorded: CommandLine) -> None:
    said = recorded("replay", "--with", "nothing.toml", "--json")

    assert said.code == 2
    assert "there is no such file" in said.json["error"]
