"""A machine that others keep busy: a group of low priority waits, and runs at its latest time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import pytest

from tests.end_to_end.workspace import Workspace

BURN = "while True: pass"
POLITE = """
[groups.polite]
every = "1d"
priority = "low"
wait_at_most = "{wait}"
steps = ["work.py polite"]

[groups.critical]
every = "1d"
priority = "critical"
steps = ["work.py critical"]
"""


@pytest.fixture
def midday(workspace: Workspace) -> Workspace:
    """A place where it is about noon: what runs once a day is in the middle of its slot."""
    workspace.more["RHYTHM_PACING__BUSY_ABOVE"] = "25"
    workspace.more["RHYTHM_TIMEZONE"] = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
    return workspace


@contextmanager
def others_at_work(workspace: Workspace) -> Iterator[None]:
    """Have processes that are not below Rhythm's use half of the CPU meanwhile."""
    with ExitStack() as stack:
        for _ in range(((os.cpu_count() or 1) + 1) // 2):
            stack.enter_context(workspace.start(sys.executable, "-c", BURN))
        yield


@pytest.mark.real_windows("of every process it reports the CPU time of the one that asks")
def test_a_polite_group_waits_while_others_use_the_cpu_and_runs_at_its_latest(midday: Workspace) -> None:
    midday.toml(POLITE.format(wait="23h"))
    with others_at_work(midday):
        beat = midday.beat()
        groups = {group["name"]: group for group in beat["groups"]}
        assert groups["critical"]["outcome"] == "completed"
        assert groups["polite"]["decision"] == "deferred"
        reason = groups["polite"]["reason"]
        assert reason.startswith("others use ")
        assert reason.endswith("% of the CPU; runs below 25 %, or at 23:00 at the latest")
        assert (beat["exit_code"], beat["beat"]["outcome"]) == (0, "completed")
        assert midday.began("polite") == 0

        explained = midday.rhythm("explain", "polite").stdout
        assert "deferred: others use" in explained
        assert "may be deferred until 23:00" in explained

        midday.toml(POLITE.format(wait="1m"))
        beat = midday.beat()
    (polite,) = (group for group in beat["groups"] if group["name"] == "polite")
    assert (polite["decision"], polite["outcome"]) == ("run", "completed")
    assert midday.began("polite") == 1
