"""Finds what took far longer than was to be expected, and what else went on then.

That is answers of endpoints, runs of steps and groups, how long after they were due groups began, and the
use of CPU and memory. What is to be expected is learnt from the four weeks before, by
`tasks.builtin.analysis.spikes`: there is no threshold to choose, unless one is given for answers. It takes
100 values, or 20 over at least a week. Only more than expected is unusual. Rows of failures of an endpoint
count as trouble as well. What is unusual at the same time is one incident, and one event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain

from tasks.builtin.analysis.coincidence import Runs
from tasks.builtin.analysis.episodes import Episode, episodes_of
from tasks.builtin.analysis.incident_report import IncidentReport, incident_report
from tasks.builtin.analysis.incidents import Incident, incidents, news, sentence
from tasks.builtin.analysis.latency_report import LatencyReport, describe, report_on, worst_of
from tasks.builtin.analysis.series import LATENCY
from tasks.builtin.contract import Context, Parser, Report, positive
from tasks.builtin.incidents import alerts, record
from tasks.builtin.incidents.alerts import Alerts
from tasks.builtin.incidents.gathering import gather
from tasks.outcome import StepFailedError
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import ProbeBucket
from tasks.store.store import StoreError, store_of

_LONGEST_HOURS = 90 * 24  # as long as measurements are kept
_LONGEST_THRESHOLD = 3_600_000.0  # ms
#: How long before the reported hours is learnt from: hours of the week need three weeks.
LOOK_BACK = timedelta(days=28)
#: The most probes of one endpoint that are looked at, the latest: one every 48 s for four weeks. They take
#: 20 MB and three seconds.
MOST_PROBES = 50_000
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found in the reported hours, at endpoints and anywhere; `all` is of the whole look-back."""

    latency: LatencyReport
    incidents: IncidentReport
    all: tuple[Incident, ...]


def analyze(settings: Settings, now: datetime, *, hours: float, threshold: float | None = None) -> Analysis:
    """Look for spikes in what was stored in the last `hours`; `threshold` is of answers, in seconds.

    Raises:
        StoreError: the store cannot be read.
    """
    since = now.astimezone(UTC) - timedelta(hours=hours)
    begin, zone = since - LOOK_BACK, settings.zone
    with store_of(settings) as store:
        asked: dict[str, list[ProbeBucket]] = {}
        for bucket in store.probe_buckets(begin, _HOUR):
            asked.setdefault(bucket.endpoint, []).append(bucket)
        steps = store.steps(begin)
        runs = Runs(steps)
        reports = tuple(
            report_on(name, store.probes(name, _bounded(buckets)), since, runs, zone, threshold)
            for name, buckets in sorted(asked.items())
            if buckets[-1].at > since - _HOUR
        )
        series = gather(store, settings, steps, begin, now)
    found = incidents([*chain.from_iterable(each.episodes for each in reports), *episodes_of(series, zone)])
    latency = LatencyReport(now, hours, zone, reports)
    return Analysis(latency, incident_report(zone, found, since, series), tuple(found))


def main(argv: Sequence[str], context: Context) -> str:
    """Analyze, report, and keep what was found. It is a warning: it is over when it is found."""
    parser = Parser("analyze_latency_spikes", "Finds what took far longer than was to be expected.")
    parser.add_argument("--hours", type=positive(_LONGEST_HOURS), default=24.0, help="how far back (24)")
    parser.add_argument(
        "--threshold",
        type=positive(_LONGEST_THRESHOLD),
        metavar="MS",
        help="what is a spike of answers, in milliseconds, instead of what is unusual",
    )
    options = parser.parse_args(argv)
    threshold = None if options.threshold is None else options.threshold / 1000

    try:
        found = analyze(context.settings, context.now(), hours=options.hours, threshold=threshold)
    except StoreError as error:
        raise StepFailedError(f"past measurements could not be read: {error}") from error
    for each in found.latency.endpoints:
        (context.log.warning if each.incidents else context.log.info)(
            "%s", describe(each, found.latency.zone)
        )
        for advice in each.advice:
            context.log.warning("%s", advice)
    for incident in found.incidents.elsewhere:
        context.log.warning("%s", found.incidents.line(incident))
    context.publish(Report(f"{found.latency.to_markdown()}\n\n{found.incidents.to_markdown()}"))
    _alert(found, context)
    record.write(context.settings.outputs_dir, found.all, found.latency.at)
    return found.latency.summary + found.incidents.clause


def _bounded(buckets: Sequence[ProbeBucket]) -> datetime:
    """Return since when there are no more than `MOST_PROBES`, or the last hour's if these are more."""
    since, count = buckets[-1].at, 0
    for bucket in reversed(buckets):
        count += bucket.asked
        if count > MOST_PROBES:
            break
        since = bucket.at
    return since


def _alert(found: Analysis, context: Context) -> None:
    """Emit an event for each incident that no earlier run has reported."""
    folder = context.settings.outputs_dir
    try:
        reported = alerts.read(folder).until
    except ValueError as error:
        context.log.warning("%s", error)
        reported = {}
    # What is later than now is of a clock that was set back since.
    known = {address: last for address, last in reported.items() if last <= found.latency.at}
    fresh, until = news(found.incidents.incidents, known)
    for incident in fresh:
        first = incident.first.of
        context.emit(f"rhythm.{first.measure.name}.spike", first.address, _payload(incident))
    if until == reported:
        return
    try:
        alerts.write(folder, Alerts(until=until))
    except OSError as error:
        path = alerts.path_of(folder)
        text = "%s cannot be written (%s): incidents may be reported twice"
        context.log.warning(text, path, error.strerror)


def _payload(incident: Incident) -> dict[str, object]:
    """Return what an event holds: what moved first, and all members."""
    return {
        "what": incident.text,
        **_of(incident.first),
        "end": incident.end.isoformat(timespec="seconds"),
        "members": [_of(member) for member in incident.members],
    }


def _of(episode: Episode) -> dict[str, object]:
    worst = episode.worst
    common = {
        "about": episode.of.address,
        "start": episode.start.isoformat(timespec="seconds"),
        "end": episode.end.isoformat(timespec="seconds"),
        "spikes": episode.spikes,
        "failures": episode.failures,
    }
    if episode.of.measure is not LATENCY:
        return {**common, "worst": sentence(episode), "value": round(worst.value, 1)}
    latency = {"worst": worst_of(episode), "worst_ms": round(worst.value * 1000, 1)}
    return {"endpoint": episode.name, **common, **latency}
