"""The briefing: what needs attention, what does not, and that it reads whatever is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tasks.builtin.analysis.anomalies import Anomaly
from tasks.builtin.analysis.briefing import LISTED, Briefing
from tasks.builtin.analysis.digest import FigureDigest, GroupDigest, ServiceDigest, StepDigest
from tasks.builtin.analysis.outgrowing import Growth, Outgrowing
from tasks.store.measurements import Probe

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


SOON = Growth(NOON + timedelta(days=7), NOON + timedelta(days=6), NOON + timedelta(days=8), 3.0)


def group(**more: Any) -> GroupDigest:
    values: dict[str, Any] = {
        "group": "a",
        "runs": 10,
        "completed": 10,
        "failed": 0,
        "waits": 0,
        "reason": "",
        "mean_seconds": 1.0,
        "longest_seconds": 2.0,
        "last_failure": None,
    }
    return GroupDigest(**{**values, **more})


def service(*, up: bool = True, availability: float = 1.0, breaker: str = "closed") -> ServiceDigest:
    latest = Probe("llm", NOON, up, 0.1, "" if up else "refused")
    return ServiceDigest("llm", 100, availability, 0.1, 0.2, latest, breaker, 0)


def step(mean: float, usual: float | None, name: str = "backup") -> StepDigest:
    return StepDigest("a", name, 1, 0, 0, mean, mean, 1.0, 2**20, usual)


def briefing(**more: Any) -> Briefing:
    values: dict[str, Any] = {"groups": (group(),), "services": (), "machine": (), "steps": ()}
    return Briefing(NOON, 24, BERLIN, **{**values, **more})


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({}, ""),
        ({"groups": ()}, "nothing ran in the last 24 hours"),
        (
            {"groups": (group(failed=2, last_failure=NOON),)},
            "a failed in 2 of 10 runs, last at 03-04 13:00",
        ),
        ({"groups": (group(waits=3, reason="b failed"),)}, ""),  # it ran in the end
        ({"services": (service(),)}, ""),
        ({"services": (service(up=False),)}, "llm was down when last asked, at 03-04 13:00: refused"),
        ({"services": (service(availability=0.99),)}, ""),
        ({"services": (service(availability=0.98),)}, "llm answered only 98.0% of 100 requests"),
        ({"services": (service(breaker="half_open"),)}, "the breaker of llm is half_open"),
        ({"steps": (step(80.0, 40.0),)}, ""),
        ({"steps": (step(124.0, 40.0),)}, "a / backup took 124.0 s, 3.1 times its usual 40.0 s"),
        ({"steps": (step(5.0, 0.5),)}, ""),  # ten times as long, and yet nobody waits for it
        ({"steps": (step(900.0, None),)}, ""),  # never before: nothing is usual
        ({"machine": (FigureDigest("CPU", 20.0, 89.0, 10.0),)}, ""),
        ({"machine": (FigureDigest("CPU", 20.0, 90.0, 10.0),)}, "CPU reached 90 %"),
        (
            {"outgrowing": (Outgrowing("a", 600.0, "its interval", SOON),)},
            "a takes 3.0 s longer each day, and outgrows its interval, 10m, around Wed 11 Mar "
            "(90% confidence: 10 Mar to 12 Mar)",
        ),
        ({"incidents": ("03-04 13:00: backup took long",)}, "03-04 13:00: backup took long"),
        (
            {
                "incidents": ("03-04 13:00: backup",),
                "in_incidents": frozenset({"step/a/backup"}),
                "steps": (step(124.0, 40.0),),
            },
            "03-04 13:00: backup",
        ),
        ({"anomalies": (Anomaly("CPU", 65.0, 24.0),)}, "CPU was more than usual: 65 instead of 24"),
        ({"anomalies": (Anomaly("CPU", 5.0, 24.0),)}, "CPU was less than usual: 5 instead of 24"),
    ],
)
def test_what_needs_attention_is_said_in_one_clause_and_nothing_else_is(
    what: dict[str, Any], said: str
) -> None:
    assert briefing(**what).attention == ([said] if said else [])


def test_the_most_urgent_comes_first() -> None:
    worst = briefing(
        machine=(FigureDigest("CPU", 20.0, 99.0, 10.0),),
        groups=(group(failed=1, last_failure=NOON),),
        services=(service(up=False),),
        faults=("the store is broken",),
    )
    firsts = ["the store is broken", "llm was down", "a failed", "CPU reached"]
    assert all(said.startswith(first) for said, first in zip(worst.attention, firsts, strict=True))
    assert worst.summary == "10 runs in 24 h; the store is broken (and 3 more)"


def test_what_could_not_be_asked_is_said_instead_of_shown_as_nothing() -> None:
    text = briefing(groups=None, services=None, machine=None, steps=None).to_markdown()
    assert "## Groups\n\nThe history could not be reached." in text
    assert text.count("The measurements could not be read.") == 3
    assert briefing(groups=None).summary.startswith("history unknown in 24 h")


def test_only_the_longest_steps_are_listed_and_the_others_counted() -> None:
    steps = tuple(step(1.0, None, f"step{number}") for number in range(LISTED + 3))
    text = briefing(steps=steps).to_markdown()
    assert f"step{LISTED - 1} " in text
    assert f"step{LISTED} " not in text
    assert "… and 3 shorter ones." in text


def test_the_title_has_the_time_of_the_settings_zone() -> None:
    assert briefing().to_markdown().startswith("# Briefing, 2026-03-04 13:00\n")


def test_what_endpoints_say_is_no_markup() -> None:
    latest = Probe("llm|x", NOON, False, None, "<script>alert(1)</script>\n# boo")
    odd = ServiceDigest("llm|x", 1, 0.0, None, None, latest, "open", 1)
    text = briefing(services=(odd,)).to_markdown()
    assert "<script>" not in text
    assert "\n# boo" not in text
    assert r"| llm\|x | down |" in text
