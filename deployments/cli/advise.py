"""`rhythm advise`: what the recorded days advise to change in rhythm.toml. It loads no Prefect."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from deployments import advised_file
from deployments.cli import console
from deployments.cli.replay import read
from flows import clock
from flows.advice.advising import LEAST, advise
from flows.advice.changes import Change, changed, lines
from flows.advice.evidence import Advice, Evidence, Measured
from flows.decisions import timestamps
from flows.decisions.timestamps import iso
from flows.replay.recorded import Recorded
from tasks.problem import ConfigError, Problem
from tasks.settings import rhythm_toml as config

#: How many days the advice rests on, unless somebody asks for others.
DAYS = 30


class Proposal(NamedTuple):
    """One advice, and its lines of rhythm.toml."""

    advice: Advice
    toml: str

    def to_json(self) -> dict[str, Any]:
        """It, as `rhythm advise --json` prints it."""
        figures = [{"what": what, "now": now, "then": then} for what, now, then in self.advice.figures]
        return {
            "kind": self.advice.kind,
            "group": self.advice.group,
            "title": self.advice.title,
            "why": self.advice.why,
            "evidence": figures,
            "toml": self.toml,
        }


def run(*, apply: bool, days: int | None, json: bool) -> int:
    """Print the advice, each with what it would have changed; with `apply`, write it. Return 0.

    Raises:
        ConfigError: rhythm.toml cannot be used, or not be written.
        CommandError: nothing is recorded, or it cannot be read.
    """
    path = config.config_path()
    settings = config.load(path)
    text = path.read_bytes().decode("utf-8-sig")
    recorded = read(settings, timedelta(days=days or DAYS))
    length = recorded.end - recorded.start
    is_enough = length >= LEAST - timedelta(minutes=10)
    before = Evidence(tomllib.loads(text), recorded)
    advice, after = advise(before) if is_enough else ([], before)
    changes = [change for each in advice for change in each.changes]
    made = _with_changes(path, text, changes) if apply and changes else text
    if made != text:
        advised_file.write(path, made)
    proposals = list(_proposals(advice, before.tables))
    together = list(_together(before.now, after.now)) if advice else []
    if json:
        console.show_json(
            {
                "from": iso(recorded.start, settings.zone),
                "to": iso(recorded.end, settings.zone),
                "enough": is_enough,
                "advice": [proposal.to_json() for proposal in proposals],
                "together": [{"what": what, "now": now, "then": then} for what, now, then in together],
                "written": made != text,
            }
        )
        return 0
    console.say(_head(recorded, before))
    if not is_enough:
        console.say("no advice yet: it needs the records of a week")
    elif not advice:
        console.say("nothing to change")
    for number, proposal in enumerate(proposals, 1):
        _show(number, proposal)
    if together:
        console.say("")
        console.say("all together: " + "; ".join(_arrow(*figure) for figure in together))
    if made != text:
        console.say("")
        console.say(advised_file.difference(path, text, made), verbatim=True)
        console.say(f"{path} is changed. See it by: rhythm check; rhythm plan")
    elif changes:
        console.say(f"`rhythm advise --apply` writes all of it into {path}")
    return 0


def _with_changes(path: Path, text: str, changes: Sequence[Change]) -> str:
    try:
        return advised_file.with_changes(text, changes)
    except ValueError as error:
        raise ConfigError([Problem(str(path), str(error), "Paste the lines yourself.")]) from None


def _head(recorded: Recorded, evidence: Evidence) -> str:
    zone, now = evidence.settings.zone, clock.now()
    stretch = " to ".join(timestamps.clock(time, zone, now) for time in (recorded.start, recorded.end))
    return f"recorded: {stretch}, beats: {len(recorded.beats):,}"


def _proposals(advice: Sequence[Advice], tables: Mapping[str, Any]) -> Iterator[Proposal]:
    """Yield the advice with its lines; a step's place is that after the advice before."""
    for each in advice:
        yield Proposal(each, lines(each.changes, tables))
        tables = changed(tables, each.changes)


def _together(now: Measured, then: Measured) -> Iterator[tuple[str, str, str]]:
    """Yield the figures that differ once all is taken."""
    figures = {
        "slots late or lost": (f"{now.late():,}", f"{then.late():,}"),
        "failed runs": (f"{now.failed:,}", f"{then.failed:,}"),
        "beats skipped": (f"{now.skipped:,}", f"{then.skipped:,}"),
        "CPU used in busy minutes": (f"{now.busy_cpu:,.0f} s", f"{then.busy_cpu:,.0f} s"),
    }
    for what, (before, after) in figures.items():
        if before != after:
            yield what, before, after


def _show(number: int, proposal: Proposal) -> None:
    advice = proposal.advice
    console.say("")
    console.say(f"{number}. {advice.group}: {advice.title}")
    console.say(f"   {advice.why}")
    for what, before, after in advice.figures:
        if before != after:
            console.say(f"   {_arrow(what, before, after)}")
    for line in proposal.toml.splitlines():
        console.say(f"     {line}", verbatim=True)


def _arrow(what: str, before: str, after: str) -> str:
    return f"{what} {before} → {after}"
