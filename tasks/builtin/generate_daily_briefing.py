"""Writes the day's briefing: what ran, failed and waited, how the services and the machine did."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tasks.builtin.analysis.anomalies import Anomaly, anomalies, daily_means
from tasks.builtin.analysis.briefing import Briefing
from tasks.builtin.analysis.deferrals import BACK, Deferral, deferrals
from tasks.builtin.analysis.digest import (
    FigureDigest,
    ServiceDigest,
    StepDigest,
    figure_digest,
    groups_digest,
    services_digest,
    steps_digest,
)
from tasks.builtin.analysis.memories import merged
from tasks.builtin.analysis.outgrowing import Outgrowing, outgrowing
from tasks.builtin.analysis.series import FIGURES
from tasks.builtin.contract import Context, Events, Parser, Report, positive
from tasks.builtin.incidents import record
from tasks.files import report_file
from tasks.markdown import escaped
from tasks.settings.rhythm_toml import Settings
from tasks.store import durations, readings
from tasks.store.measurements import CPU, MEMORY, Bucket, GroupEvent
from tasks.store.store import Store, StoreError, store_of

_FOLDER = "briefings"
_LONGEST_HOURS = 90 * 24  # as long as Prefect and the store remember
_FIGURES = {"CPU": CPU, "memory": MEMORY}
_LATENCY = "latency of {} in ms"
_QUIET = "not_due", "paused"
#: What is usual is taken from the 7 times 24 hours before the last.
_DAYS, _HOUR, _USUAL = 8, timedelta(hours=1), timedelta(days=7)


def brief(settings: Settings, now: datetime, events: Events, *, hours: float) -> Briefing:
    """Return the briefing of the last `hours`. A source that cannot be reached is one of its faults.

    What ran and what waited is what beats have written into the store; Prefect, if it can be asked, adds
    the runs that crashed before they were written down. Incidents are those that `analyze_latency_spikes` has
    found last.
    """
    since = now.astimezone(UTC) - timedelta(hours=hours)
    kept = _Kept()
    faults = []
    try:
        with store_of(settings) as store:
            kept = _read(store, now, since)
        kept = replace(kept, outgrowing=_outgrowing(settings, now))
    except StoreError as error:
        faults.append(f"the measurements could not be read: {error}")
    happened = list(kept.decisions)
    try:
        happened = merged(happened, events(since))
    except ConnectionError as error:
        if not happened:
            faults.append(f"the history could not be reached: {error}")
    groups = groups_digest(happened, settings.order) if happened or not faults else None
    incidents = record.worth_showing(settings.outputs_dir, since)
    members = record.members(incidents)
    return Briefing(
        now,
        hours,
        settings.zone,
        groups,
        kept.services,
        kept.machine,
        kept.steps,
        tuple(each for each in kept.anomalies if not (each.is_more and each.what in _known(members))),
        tuple(kept.outgrowing),
        tuple(faults),
        tuple(_deferrals(settings, now)),
        tuple(record.clauses(incidents, settings.zone)),
        members,
    )


def _deferrals(settings: Settings, now: datetime) -> list[Deferral]:
    """Return which groups would better have waited for a quieter beat; a fault of the store is reported."""
    since = now - BACK
    try:
        means = readings.means(settings, since, now)
        return deferrals(durations.of_groups(settings, since), means, settings)
    except StoreError:
        return []


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the store has; nothing if it cannot be read."""

    decisions: Sequence[GroupEvent] = ()
    services: tuple[ServiceDigest, ...] | None = None
    machine: tuple[FigureDigest, ...] | None = None
    steps: tuple[StepDigest, ...] | None = None
    anomalies: Sequence[Anomaly] = ()
    outgrowing: Sequence[Outgrowing] = ()


def _read(store: Store, now: datetime, since: datetime) -> _Kept:
    week_before = now.astimezone(UTC) - timedelta(days=_DAYS)
    figures = [figure_digest(what, store.samples(name, since)) for what, name in _FIGURES.items()]
    names = {name: what for what, name in _FIGURES.items()}
    days = daily_means(store.buckets(list(names), week_before, _HOUR), names, now, _DAYS)
    latencies = [
        Bucket(each.endpoint, each.at, each.ok, 1000 * each.mean, 0.0, 0.0)
        for each in store.probe_buckets(week_before, _HOUR)
        if each.mean is not None
    ]
    endpoints = {each.name: _LATENCY.format(each.name) for each in latencies}
    days += daily_means(latencies, endpoints, now, _DAYS)
    return _Kept(
        decisions=store.decisions(since, but=_QUIET),
        services=services_digest(
            store.probes(None, since), store.transitions(None, since), store.last_transitions()
        ),
        machine=tuple(figure for figure in figures if figure),
        steps=steps_digest(store.steps(since - _USUAL), since),
        anomalies=anomalies(days),
    )


def _outgrowing(settings: Settings, now: datetime) -> list[Outgrowing]:
    since = now.astimezone(UTC) - durations.BACK
    groups, steps = durations.of_groups(settings, since), durations.of_steps(settings, since)
    return outgrowing(groups, steps, settings, now)


def _known(members: Collection[str]) -> set[str]:
    """Given the addresses of what takes part in incidents, return the figures whose rise they explain."""
    endpoints = {_LATENCY.format(each.removeprefix("endpoint/")) for each in members}
    return endpoints | {what for what, name in _FIGURES.items() if FIGURES[name].address in members}


def path_of(briefing: Briefing, settings: Settings) -> Path:
    """Return where the briefing belongs: one file a day, of the settings' time zone."""
    return settings.outputs_dir / _FOLDER / f"{briefing.at.astimezone(briefing.zone):%Y-%m-%d}.md"


def main(argv: Sequence[str], context: Context) -> str:
    """Gather, write, and with --print log the briefing."""
    parser = Parser("generate_daily_briefing", "Writes what ran, failed and waited, and why.")
    parser.add_argument("--hours", type=positive(_LONGEST_HOURS), default=24.0, help="how far back (24)")
    parser.add_argument("--print", action="store_true", dest="prints", help="log the briefing as well")
    options = parser.parse_args(argv)

    briefing = brief(context.settings, context.now(), context.events, hours=options.hours)
    text, path = briefing.to_markdown(), path_of(briefing, context.settings)
    report_file.write(path, text)
    context.publish(Report(text, key="daily-briefing", summary=briefing.summary))
    attention = [f"- {escaped(clause)}" for clause in briefing.attention] or ["Nothing needs attention."]
    context.publish(Report("## Briefing\n\n" + "\n".join(attention)))
    if options.prints:
        context.log.info("%s", text)
    context.log.info("the briefing is in %s", path)
    for clause in briefing.attention:
        context.log.warning("%s", clause)
    return briefing.summary
