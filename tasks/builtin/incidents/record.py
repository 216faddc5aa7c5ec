"""The incidents that were found last, kept for those that show them: briefing and dashboard."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict

from tasks.builtin.analysis.incidents import Incident
from tasks.files import report_file

FILE_NAME = "incidents.json"
#: The most incidents that are kept, the latest, and that are shown beside much else.
MOST, NAMED = 200, 5
#: The step that has found them all.
REPORT = "analyze_latency_spikes"


class KeptIncident(BaseModel):
    """An incident as it is kept: one clause about it, and the addresses of its members."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    start: AwareDatetime
    end: AwareDatetime
    text: str
    members: tuple[str, ...]
    is_news: bool
    """Whether it was worth an alert."""


class Record(BaseModel):
    """What was found `at` that time."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal[1] = 1
    at: AwareDatetime
    incidents: tuple[KeptIncident, ...] = ()


def path_of(outputs_dir: Path) -> Path:
    """Return where it is kept."""
    return outputs_dir / FILE_NAME


def write(outputs_dir: Path, found: Sequence[Incident], at: datetime) -> None:
    """Replace what is kept at once.

    Raises:
        StepFailedError: it cannot be written; what was there before is untouched.
    """
    kept = Record(at=at, incidents=tuple(map(_kept, found[-MOST:])))
    report_file.write(path_of(outputs_dir), json.dumps(kept.model_dump(mode="json"), indent=2) + "\n")


def worth_showing(outputs_dir: Path, since: datetime) -> list[KeptIncident]:
    """Return the kept incidents that were worth an alert and not over at `since`; none without a file.

    Whoever shows them also shows much else: a file that cannot be read is as good as none.
    """
    try:
        kept = Record.model_validate_json(path_of(outputs_dir).read_bytes())
    except (OSError, ValueError):
        return []
    return [each for each in kept.incidents if each.is_news and each.end >= since]


def members(found: Iterable[KeptIncident]) -> frozenset[str]:
    """Return the addresses of all that takes part in these incidents."""
    return frozenset(address for each in found for address in each.members)


def clauses(found: Sequence[KeptIncident], zone: ZoneInfo) -> list[str]:
    """Return one clause an incident, the latest first; so many at the most, and how many are left out."""
    shown = [f"{each.start.astimezone(zone):%m-%d %H:%M}: {each.text}" for each in reversed(found[-NAMED:])]
    more = len(found) - NAMED
    if more > 0:
        shown.append(f"{more} earlier {'incident' if more == 1 else 'incidents'}, in the report of {REPORT}")
    return shown


def _kept(incident: Incident) -> KeptIncident:
    return KeptIncident(
        start=incident.start,
        end=incident.end,
        text=incident.text,
        members=tuple(member.of.address for member in incident.members),
        is_news=incident.alert is not None,
    )
