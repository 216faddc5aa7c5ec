"""What is kept of incidents, and how it reads where much else is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tasks.builtin.analysis.episodes import Episode, Trouble
from tasks.builtin.analysis.incidents import Incident
from tasks.builtin.analysis.series import DURATION, Subject
from tasks.builtin.incidents import record
from tasks.outcome import StepFailedError

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
BACKUP = Subject("nightly / backup.ps1", "step/nightly/backup.ps1", DURATION)


def incident(hours: float, *, is_news: bool = True) -> Incident:
    at = NOON + timedelta(hours=hours)
    trouble = Trouble(at, at + timedelta(seconds=250), 250, 40, is_news=is_news)
    return Incident((Episode(BACKUP, (trouble,)),))


def test_what_is_worth_an_alert_and_not_over_is_shown(tmp_path: Path) -> None:
    record.write(tmp_path, [incident(0), incident(20, is_news=False), incident(24)], NOON)

    (found,) = record.worth_showing(tmp_path, NOON + timedelta(hours=1))

    assert (found.start, found.members) == (NOON + timedelta(hours=24), ("step/nightly/backup.ps1",))
    assert record.members([found]) == {"step/nightly/backup.ps1"}
    assert record.clauses([found], ZoneInfo("Europe/Berlin")) == [
        "03-05 13:00: nightly / backup.ps1 took 4 min 10 s, usually 40 s"
    ]


def test_the_latest_are_shown_first_and_the_others_counted(tmp_path: Path) -> None:
    record.write(tmp_path, [incident(24 * day) for day in range(8)], NOON)

    clauses = record.clauses(record.worth_showing(tmp_path, NOON), ZoneInfo("UTC"))

    assert [clause[:5] for clause in clauses[:-1]] == ["03-11", "03-10", "03-09", "03-08", "03-07"]
    assert clauses[-1] == "3 earlier incidents, in the report of analyze_latency_spikes"


@pytest.mark.parametrize("text", [None, "", "[]", '{"version": 1}', '{"version": 7, "at": "2026-03-04"}'])
def test_what_cannot_be_read_is_as_good_as_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        record.path_of(tmp_path).write_text(text, encoding="utf-8")

    assert record.worth_showing(tmp_path, NOON) == []


def test_what_cannot_be_written_fails_the_step(tmp_path: Path) -> None:
    record.path_of(tmp_path).mkdir()

    with pytest.raises(StepFailedError, match="cannot be written"):
        record.write(tmp_path, [incident(0)], NOON)
