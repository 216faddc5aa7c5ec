"""How the run that is under way compares with what its kind takes. Pure."""

from __future__ import annotations

from datetime import datetime

from flows.decisions.group_runs import Run
from tasks.builtin.analysis.expected import Expected
from tasks.duration_text import about


def late(run: Run | None, needs: Expected | None, now: datetime) -> bool:
    """Return whether a run goes on for longer than nine of ten of its kind took."""
    if run is None or needs is None or run.outcome is not None or not run.has_begun:
        return False
    return needs.is_exceeded((now - run.started).total_seconds())


def compared(run: Run | None, needs: Expected | None, now: datetime) -> str:
    """Return what a run that is under way is expected to take, for people; "" if that is not known.

    Of one that is late, also what it takes at most: "usually 40 s, 1 min 10 s at most".
    """
    if run is None or needs is None or run.outcome is not None or not run.has_begun:
        return ""
    return needs.sentence if late(run, needs, now) else f"usually {about(needs.seconds)}"
