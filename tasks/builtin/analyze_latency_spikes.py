"""Finds the answers that took far longer than was to be expected, and what else went on then.

What is to be expected is learnt from the four weeks before, by `tasks.builtin.analysis.spikes`: there is no
threshold to choose, unless one is given. Rows of failures count as trouble as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tasks.builtin.analysis.coincidence import Runs
from tasks.builtin.analysis.incidents import Incident, news
from tasks.builtin.analysis.latency_report import LatencyReport, describe, report_on, worst_of
from tasks.builtin.contract import Context, Parser, Report, positive
from tasks.builtin.endpoints import alerts
from tasks.builtin.endpoints.alerts import Alerts
from tasks.outcome import StepFailedError
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import ProbeBucket
from tasks.store.store import StoreError, store_of

_LONGEST_HOURS = 90 * 24  # as long as measurements are kept
_LONGEST_THRESHOLD = 3_600_000.0  # ms
_EVENT = "rhythm.latency.spike"

#: How long before the reported hours is learnt from: hours of the week need three weeks.
LOOK_BACK = timedelta(days=28)
#: The most probes of one endpoint that are looked at, the latest: one every 48 s for four weeks. They take
#: 20 MB and three seconds.
MOST_PROBES = 50_000
_HOUR = timedelta(hours=1)


def analyze(
    settings: Settings, now: datetime, *, hours: float, threshold: float | None = None
) -> LatencyReport:
    """Look for spikes in the stored probes of the last `hours`; `threshold` is in seconds.

    Raises:
        StoreError: the probes cannot be read.
    """
    since = now.astimezone(UTC) - timedelta(hours=hours)
    begin = since - LOOK_BACK
    with store_of(settings) as store:
        asked: dict[str, list[ProbeBucket]] = {}
        for bucket in store.probe_buckets(begin, _HOUR):
            asked.setdefault(bucket.endpoint, []).append(bucket)
        runs = Runs(store.steps(begin))
        reports = tuple(
            report_on(name, store.probes(name, _bounded(buckets)), since, runs, settings.zone, threshold)
            for name, buckets in sorted(asked.items())
            if buckets[-1].at > since - _HOUR
        )
    return LatencyReport(now, hours, settings.zone, reports)


def main(argv: Sequence[str], context: Context) -> str:
    """Analyze and report. Spikes are warnings: they are over when they are found."""
    parser = Parser("analyze_latency_spikes", "Finds answers that took far longer than was to be expected.")
    parser.add_argument("--hours", type=positive(_LONGEST_HOURS), default=24.0, help="how far back (24)")
    parser.add_argument(
        "--threshold",
        type=positive(_LONGEST_THRESHOLD),
        metavar="MS",
        help="what is a spike, in milliseconds, instead of what is unusual",
    )
    options = parser.parse_args(argv)
    threshold = None if options.threshold is None else options.threshold / 1000

    try:
        report = analyze(context.settings, context.now(), hours=options.hours, threshold=threshold)
    except StoreError as error:
        raise StepFailedError(f"past latencies could not be read: {error}") from error
    for each in report.endpoints:
        (context.log.warning if each.incidents else context.log.info)("%s", describe(each, report.zone))
        for sentence in each.advice:
            context.log.warning("%s", sentence)
    context.publish(Report(report.to_markdown()))
    _alert(report, context)
    return report.summary


def _bounded(buckets: Sequence[ProbeBucket]) -> datetime:
    """Return since when there are no more than `MOST_PROBES`, or the last hour's if these are more."""
    since, count = buckets[-1].at, 0
    for bucket in reversed(buckets):
        count += bucket.asked
        if count > MOST_PROBES:
            break
        since = bucket.at
    return since


def _alert(report: LatencyReport, context: Context) -> None:
    """Emit an event for each incident that no earlier run has reported."""
    folder = context.settings.outputs_dir
    try:
        reported = alerts.read(folder).until
    except ValueError as error:
        context.log.warning("%s", error)
        reported = {}
    until = {}
    for each in report.endpoints:
        found = [incident for incident, _ in each.incidents]
        last = reported.get(each.endpoint)
        if last is not None and last > report.at:
            last = None  # the clock was set back
        for incident in news(found, last):
            context.emit(_EVENT, f"endpoint/{each.endpoint}", _payload(incident))
            last = incident.alert
        if last:
            until[each.endpoint] = last
    if until == reported:
        return
    try:
        alerts.write(folder, Alerts(until=until))
    except OSError as error:
        path = alerts.path_of(folder)
        text = "%s cannot be written (%s): incidents may be reported twice"
        context.log.warning(text, path, error.strerror)


def _payload(incident: Incident) -> dict[str, object]:
    return {
        "endpoint": incident.endpoint,
        "start": incident.start.isoformat(timespec="seconds"),
        "end": incident.end.isoformat(timespec="seconds"),
        "spikes": incident.spikes,
        "failures": incident.failures,
        "worst_ms": round(incident.worst.latency * 1000, 1),
        "worst": worst_of(incident),
    }
