"""What a group leaves in Prefect's UI: one report that is always its latest, and what its steps add."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import httpx
from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact

from flows.memory.naming import artifact_key, flow_name
from flows.server_absence import patiently
from flows.server_fault import describe
from tasks.builtin.contract import Report
from tasks.markdown import escaped, table
from tasks.outcome import StepResult
from tasks.settings.rhythm_toml import Settings

#: A description is one line on Prefect's page of artifacts.
_LINE = 200


async def publish(
    settings: Settings,
    group: str,
    at: datetime,
    results: Sequence[StepResult],
    reports: Sequence[Report],
    summary: str,
) -> str:
    """Leave the group's own report, and every report that has a key of its own; return what went wrong.

    It is the first that the server learns of how the steps ended, so a server that is away is waited for.
    """
    sections = [report.text for report in reports if not report.key]

    async def leave() -> None:
        for report in reports:
            key = report.key and artifact_key(settings, report.key)
            if key and report.link:
                await acreate_link_artifact(report.link, key=key, description=report.text)
            elif key:
                await acreate_markdown_artifact(report.text, key=key, description=report.summary)
        text = text_of(group, at, results, sections)
        key = artifact_key(settings, flow_name(group))
        await acreate_markdown_artifact(text, key=key, description=escaped(summary[:_LINE]))

    try:
        await patiently(leave)
    except httpx.HTTPError as error:
        return f"Prefect did not take the report: {describe(error)}"
    return ""


def text_of(group: str, at: datetime, results: Sequence[StepResult], sections: Sequence[str]) -> str:
    """Return the group's report as Markdown: a row a step, then what the steps have to report."""
    rows = [(result.name, result.label, f"{result.seconds:.1f} s", result.reason) for result in results]
    return "\n\n".join(
        [
            f"# {escaped(group)}, {at:%Y-%m-%d %H:%M}",
            table(("step", "outcome", "took", "message"), rows),
            *(section.strip() for section in sections),
        ]
    )
