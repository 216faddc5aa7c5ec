"""What a group leaves in Prefect's UI: one report that is always its latest, and what its steps add."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import httpx
from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact

from flows.history import flow_name
from tasks.builtin.contract import Report
from tasks.markdown import escaped, table
from tasks.outcome import StepResult

#: A description is one line on Prefect's page of artifacts.
_LINE = 200


async def publish(
    group: str, at: datetime, results: Sequence[StepResult], reports: Sequence[Report], summary: str
) -> str:
    """Leave the group's own report, and every report that has a key of its own; return what went wrong."""
    sections = [report.text for report in reports if not report.key]
    try:
        for report in reports:
            if report.key and report.link:
                await acreate_link_artifact(report.link, key=report.key, description=report.text)
            elif report.key:
                await acreate_markdown_artifact(report.text, key=report.key, description=report.summary)
        text = text_of(group, at, results, sections)
        await acreate_markdown_artifact(text, key=flow_name(group), description=_first_line(summary)[:_LINE])
    except httpx.HTTPError as error:
        return f"Prefect did not take the report: {error or type(error).__name__}"
    return ""


def text_of(group: str, at: datetime, results: Sequence[StepResult], sections: Sequence[str]) -> str:
    """Return the group's report as Markdown: a row a step, then what the steps have to tell."""
    rows = [
        (result.name, result.outcome.value, f"{result.seconds:.1f} s", _first_line(result.message))
        for result in results
    ]
    return "\n\n".join(
        [
            f"# {escaped(group)}, {at:%Y-%m-%d %H:%M}",
            table(("step", "outcome", "took", "says"), rows),
            *(section.strip() for section in sections),
        ]
    )


def _first_line(message: str) -> str:
    return message.split("\n", 1)[0]
