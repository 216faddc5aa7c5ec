"""The report of what was unusual: what is counted, what is listed, what is not judged yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tasks.builtin.analysis.episodes import Episode, Trouble
from tasks.builtin.analysis.incident_report import incident_report
from tasks.builtin.analysis.incidents import Incident
from tasks.builtin.analysis.series import DURATION, LATENCY, Series, Subject

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
BACKUP = Subject("nightly / backup.ps1", "step/nightly/backup.ps1", DURATION)
LLM = Subject("llm", "endpoint/llm", LATENCY)


def incident(of: Subject, hours: float, *, is_news: bool = True) -> Incident:
    at = NOON + timedelta(hours=hours)
    return Incident((Episode(of, (Trouble(at, at, 250, 40, is_news=is_news),)),))


def judged(count: int) -> list[Series]:
    points = [(NOON + timedelta(hours=n), 1.0) for n in range(200)]
    return [
        Series(Subject(f"step {n}", f"step/a/{n}", DURATION), points if n < count else [])
        for n in range(count + 7)
    ]


def test_only_what_is_worth_an_alert_and_not_of_endpoints_alone_is_counted() -> None:
    found = [incident(BACKUP, 0), incident(BACKUP, 1, is_news=False), incident(LLM, 2)]

    report = incident_report(BERLIN, found, NOON, [])

    assert report.clause == "; 1 incident of steps, groups and the machine"
    assert [report.line(each) for each in report.elsewhere] == [
        "03-04 13:00: nightly / backup.ps1 took 4 min 10 s, usually 40 s"
    ]


def test_all_that_was_not_over_is_listed_the_latest_first_and_the_rest_counted() -> None:
    found = [incident(BACKUP, hours) for hours in range(-3, 25)]

    text = incident_report(BERLIN, found, NOON, []).to_markdown()

    rows = [line for line in text.splitlines() if line.startswith("| 03-")]
    assert len(rows) == 20
    assert rows[0].startswith("| 03-05 13:00 |")
    assert text.endswith("5 earlier ones are left out.")


def test_what_is_not_judged_yet_is_named_and_the_rest_counted() -> None:
    text = incident_report(BERLIN, [], NOON, judged(3)).to_markdown()

    assert "3 series of steps, groups and the machine are judged." in text
    assert "Not yet, for want of values: step 3, step 4, step 5, step 6, step 7 and 2 more." in text
    assert text.endswith("Nothing was unusual.")
