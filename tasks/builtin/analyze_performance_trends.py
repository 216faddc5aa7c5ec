"""Which way CPU, memory and the endpoints' latencies go, and how healthy that is in one number.

The last hours against the same hours of the day before; `tasks.builtin.analysis.trends` defines when
something is a trend, `tasks.builtin.analysis.score` how the health score is computed. The report is
also in `outputs/trends/latest.json` and `latest.md`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from tasks.builtin.analysis.score import Score, score
from tasks.builtin.analysis.trends import Trend, TrendPoint, TrendReport, report
from tasks.builtin.contract import Context, Parser, Report, positive
from tasks.files import report_file
from tasks.markdown import escaped, table
from tasks.outcome import StepFailedError
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import CPU, MEMORY, ProbeBucket
from tasks.store.store import StoreError, store_of

_FOLDER = "trends"
_LONGEST_HOURS = 24.0 * 30
_DAY = timedelta(days=1)
#: How many buckets a stretch is cut into: of 24 hours each is half an hour long.
_BUCKETS = 48
_FIGURES = {CPU: "CPU", MEMORY: "memory"}


@dataclass(frozen=True, slots=True)
class TrendsReport:
    """The figures of the `hours` before `at`, the availability of each endpoint, and the score."""

    at: datetime
    hours: float
    trends: tuple[TrendReport, ...]
    availabilities: dict[str, float]
    score: Score

    @property
    def summary(self) -> str:
        """One line: the score, and what goes which way."""
        known = [each for each in self.trends if each.trend is not Trend.UNKNOWN]
        moving = [f"{each.name} {each.trend}" for each in known if each.trend is not Trend.STABLE]
        if not known:
            said = f"too little data of the last {self.hours:g} h for trends"
        else:
            said = ", ".join(moving) or f"all {len(known)} figures stable"
        return f"health {self.score}; {said}"

    def to_json(self) -> dict[str, Any]:
        """The report as `latest.json` has it; latencies in seconds, CPU and memory in percent."""
        return {
            "at": self.at.isoformat(timespec="seconds"),
            "hours": self.hours,
            "health_score": round(self.score.points, 1) if self.score.basis else None,
            "rests_on": list(self.score.basis),
            "availability": self.availabilities,
            "trends": [{**asdict(each), "against_before": each.against_before} for each in self.trends],
        }

    def to_markdown(self) -> str:
        """The report as a section of its group's, and as `latest.md` has it."""
        rows = [_row(each) for each in self.trends if each.figures]
        headers = (
            "figure",
            "trend",
            "mean",
            "lowest",
            "highest",
            "P95 of means",
            "deviation",
            "same hours before",
        )
        figures = [table(headers, rows)] if rows else []
        return "\n\n".join(["## Trends", escaped(self.summary), *figures])


def analyze(settings: Settings, now: datetime, *, hours: float) -> TrendsReport:
    """Work out the trends of the last `hours`.

    Raises:
        StoreError: the measurements cannot be read.
    """
    stretch = timedelta(hours=hours)
    width = stretch / _BUCKETS
    # The same hours before: yesterday's, or for a longer stretch the one right before it.
    back = max(_DAY, stretch)
    since, earlier, until = now - stretch, now - stretch - back, now - back
    with store_of(settings) as store:
        samples = store.buckets(list(_FIGURES), earlier - width, width)
        probes = store.probe_buckets(earlier - width, width)
    series: dict[tuple[str, str], list[TrendPoint]] = {(name, "%"): [] for name in _FIGURES.values()}
    for bucket in samples:
        point = TrendPoint(bucket.at, bucket.count, bucket.mean, bucket.low, bucket.high)
        series[_FIGURES[bucket.name], "%"].append(point)
    for probed in probes:
        if probed.mean is not None and probed.high is not None:
            point = TrendPoint(probed.at, probed.ok, probed.mean, probed.mean, probed.high)
            series.setdefault((f"{probed.endpoint} latency", "s"), []).append(point)
    trends = tuple(
        report(
            name,
            unit,
            [point for point in points if point.at >= since],
            [point for point in points if earlier - width < point.at < until],
            back,
            width,
        )
        for (name, unit), points in series.items()
    )
    availabilities = _availabilities(bucket for bucket in probes if bucket.at >= since)
    means = {each.name: each.figures.mean for each in trends if each.figures}
    health = score(means.get("CPU"), means.get("memory"), list(availabilities.values()), settings.trends)
    return TrendsReport(now, hours, trends, availabilities, health)


def save(found: TrendsReport, settings: Settings) -> None:
    """Write the report as JSON and as Markdown, replacing the last one.

    Raises:
        StepFailedError: they cannot be written.
    """
    folder = settings.outputs_dir / _FOLDER
    report_file.write(folder / "latest.json", json.dumps(found.to_json(), indent=2) + "\n")
    report_file.write(folder / "latest.md", found.to_markdown() + "\n")


def main(argv: Sequence[str], context: Context) -> str:
    """Analyze, report and write. What goes up is a warning: it fails nothing."""
    parser = Parser("analyze_performance_trends", "Which way CPU, memory and latencies go.")
    parser.add_argument("--hours", type=positive(_LONGEST_HOURS), default=24.0, help="how far back (24)")
    hours: float = parser.parse_args(argv).hours

    try:
        found = analyze(context.settings, context.now(), hours=hours)
    except StoreError as error:
        raise StepFailedError(f"past measurements could not be read: {error}") from error
    for each in found.trends:
        if each.figures:
            level = context.log.warning if each.trend is Trend.UP else context.log.info
            level("%s: %s, mean %s", each.name, each.trend, _shown(each.figures.mean, each.unit))
    context.publish(Report(found.to_markdown()))
    save(found, context.settings)
    return found.summary


def _availabilities(buckets: Iterable[ProbeBucket]) -> dict[str, float]:
    asked: dict[str, int] = {}
    ok: dict[str, int] = {}
    for bucket in buckets:
        asked[bucket.endpoint] = asked.get(bucket.endpoint, 0) + bucket.asked
        ok[bucket.endpoint] = ok.get(bucket.endpoint, 0) + bucket.ok
    return {endpoint: ok[endpoint] / count for endpoint, count in sorted(asked.items())}


def _row(each: TrendReport) -> tuple[str, ...]:
    assert each.figures  # noqa: S101 - those without are left out
    of = each.figures
    values = (of.mean, of.low, of.high, of.p95, of.deviation)
    before = "–"
    if each.before and each.against_before is not None:
        before = f"{_shown(each.before.mean, each.unit)} ({each.against_before:+.0%})"
    moving = each.trend in (Trend.UP, Trend.DOWN)
    sign = "−" if each.change < 0 else "+"
    trend = f"{each.trend} ({sign}{_shown(abs(each.change), each.unit)})" if moving else each.trend.value
    return (each.name, trend, *(_shown(value, each.unit) for value in values), before)


def _shown(value: float, unit: str) -> str:
    return f"{value:.1f} %" if unit == "%" else f"{value * 1000:,.0f} ms"
