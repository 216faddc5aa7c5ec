"""What beats find of the machine: how much others use, what Rhythm uses, and which memory is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import altair as alt
from humanize import naturalsize

from tasks.builtin.dashboard import theme
from tasks.builtin.dashboard.data import Past
from tasks.builtin.dashboard.essence import span
from tasks.builtin.dashboard.layers import Chart, Plot, Point, curve, line, x_axis
from tasks.builtin.dashboard.panel import Figure, FigureTable, Panel, Sign
from tasks.store.measurements import AVAILABLE, OTHERS, OWN, Bucket

_HEIGHT = 140  # pixels
_GIBIBYTE = 2**30
_BY = "`rhythm up` reads the load each minute, and so does each beat."


def panel(past: Past) -> Panel:
    """Return the part of the page about the load that beats decide by."""
    figures = [_cpu(past), _memory(past)]
    return Panel(
        name="load",
        title="Load, as beats find it",
        lead="The line is the mean, the band reaches from the lowest to the highest reading. "
        "What Rhythm and its scripts use is not in what others use.",
        figures=figures,
        signs=_signs(past) if any(figure.spec for figure in figures) else (),
        tables=_tables(past),
    )


def _signs(past: Past) -> list[Sign]:
    pacing = past.settings.pacing
    above = f"busy above {pacing.busy_above:g} %, " if pacing.busy_above else ""
    limit = f"{above}little memory below {_size(pacing.memory_below)}"
    return [
        theme.OTHERS.sign,
        theme.OWN.sign,
        Sign(f"{limit}: what may wait is deferred", theme.LIMIT.path, theme.LIMIT.colour),
    ]


def _cpu(past: Past) -> Figure:
    others, own = past.load.get(OTHERS, ()), past.load.get(OWN, ())
    if not others and not own:
        return Figure("CPU", f"No data yet: nothing was read in the last {span(past)}. {_BY}", None)
    described = []
    if others:
        peak = max(others, key=lambda bucket: bucket.high)
        highest = f"highest {peak.high:.0f} % at {past.window.clock(peak.at)}"
        described.append(f"others: mean {_mean(others):.0f} %, {highest}")
    if own:
        described.append(f"Rhythm and its scripts: mean {_mean(own):.1f} %")
    description = "; ".join(described)
    plot, x = Plot(), x_axis(past.window.minutes, past.window.ticks())
    axis = alt.Axis(values=[0, 50, 100], labelExpr="datum.value ? datum.value + ' %' : ''", zindex=1)
    scale = alt.Scale(domain=[0, 100], nice=False)
    y = alt.Y("mean", type="quantitative", scale=scale, axis=axis)
    tips = {bucket.at: [f"others: mean {_range(bucket, _percent)}"] for bucket in others}
    for bucket in own:
        tips.setdefault(bucket.at, []).append(f"Rhythm and its scripts: {bucket.mean:.1f} %")
    layers = line(plot, _points(past, own), x, y, theme.BLUE)
    layers += _limit(plot, past.settings.pacing.busy_above, y)
    known = {bucket.at: bucket for bucket in others}
    points = [_point(past, at, known.get(at), tips[at]) for at in sorted(tips)]
    layers += curve(plot, points, x, y, width=past.window.part / timedelta(minutes=1))
    return Figure("CPU", description, plot.finished(layers, _HEIGHT), beside=description)


def _memory(past: Past) -> Figure:
    left, title = past.load.get(AVAILABLE, ()), "Available memory"
    if not left:
        return Figure(title, f"No data yet: it was not read in the last {span(past)}. {_BY}", None)
    least = min(left, key=lambda bucket: bucket.low)
    lowest = f"lowest {_size(least.low)} at {past.window.clock(least.at)}"
    description = f"mean {_size(_mean(left))}, {lowest}"
    plot, x = Plot(), x_axis(past.window.minutes, past.window.ticks())
    limit = past.settings.pacing.memory_below
    top = 1.1 * max(*(bucket.high for bucket in left), float(limit)) / _GIBIBYTE
    axis = alt.Axis(tickCount=3, labelExpr="datum.value ? datum.label + ' GiB' : ''", zindex=1)
    y = alt.Y("mean", type="quantitative", scale=alt.Scale(domain=[0, top], nice=False), axis=axis)
    points = [
        _point(past, bucket.at, bucket, [f"mean {_range(bucket, _size)}"], _GIBIBYTE) for bucket in left
    ]
    layers = _limit(plot, limit / _GIBIBYTE, y)
    layers += curve(plot, points, x, y, width=past.window.part / timedelta(minutes=1))
    return Figure(title, description, plot.finished(layers, _HEIGHT), beside=description)


def _limit(plot: Plot, limit: float, y: alt.Y) -> list[Chart]:
    """Return a line across the chart at a limit; none without one."""
    rule = plot.of([{"mean": round(limit, 3)}] if limit else [])
    return [rule.mark_rule(color=theme.LIMIT.colour, strokeDash=[5, 4], strokeWidth=1.5).encode(y=y)]


def _points(past: Past, buckets: Sequence[Bucket]) -> list[Point]:
    return [Point(past.window.place(each.at + past.window.part / 2), round(each.mean, 2)) for each in buckets]


def _point(past: Past, at: datetime, bucket: Bucket | None, lines: Sequence[str], unit: float = 1.0) -> Point:
    """Return the stretch that begins `at`, with its figures in a unit; None where they were not measured."""
    window = past.window
    end = min(at + window.part, window.end)
    figures = (bucket.mean, bucket.low, bucket.high) if bucket else ()
    tip = "\n".join([f"{window.clock(max(at, window.start))}–{window.clock(end)}", *lines])
    mean, low, high = (round(each / unit, 2) for each in figures) if figures else (None, None, None)
    return Point(window.place(at + window.part / 2), mean, low, high, tip)


def _tables(past: Past) -> list[FigureTable]:
    """Return the means of an eighth of the window each."""
    if not any(past.load.values()):
        return []
    part = (past.window.end - past.window.start) / 8
    rows = []
    for number in range(8):
        start = past.window.start + number * part
        others, own, left = (
            [bucket for bucket in past.load.get(figure, ()) if start <= bucket.at < start + part]
            for figure in (OTHERS, OWN, AVAILABLE)
        )
        rows.append(
            (
                f"{past.window.clock(start)}–{past.window.clock(start + part)}",
                f"{_mean(others):.0f} %, up to {max(each.high for each in others):.0f} %" if others else "–",
                f"{_mean(own):.1f} %" if own else "–",
                f"{_size(_mean(left))}, down to {_size(min(each.low for each in left))}" if left else "–",
            )
        )
    head = ("time", "CPU, others", "CPU, Rhythm and its scripts", "available memory")
    return [FigureTable("Means, highest and lowest readings", head, rows)]


def _mean(buckets: Sequence[Bucket]) -> float:
    return sum(each.mean * each.count for each in buckets) / sum(each.count for each in buckets)


def _range(bucket: Bucket, words: Callable[[float], str]) -> str:
    return f"{words(bucket.mean)}, {words(bucket.low)} to {words(bucket.high)}"


def _percent(value: float) -> str:
    return f"{value:.0f} %"


def _size(size: float) -> str:
    return naturalsize(size, binary=True, format="%.1f" if size >= _GIBIBYTE else "%.0f")
