"""How busy the machine was, with the beats marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import altair as alt

from tasks.builtin.dashboard import theme
from tasks.builtin.dashboard.data import Past
from tasks.builtin.dashboard.essence import span
from tasks.builtin.dashboard.layers import TIP, Plot, Point, curve, x_axis
from tasks.builtin.dashboard.panel import Figure, FigureTable, Panel, Spec
from tasks.builtin.dashboard.window import Window
from tasks.store.measurements import CPU, MEMORY, Bucket, GroupEvent

_FIGURES = {CPU: "CPU", MEMORY: "memory"}
_HEIGHT, _STRIP = 140, 18  # pixels: the plot, and below the curve the beats' strip in it
_WELL = theme.Look("a beat that ran something", "M-.12,-1H.12V1H-.12Z", 90, theme.BLUE)
_FAILED = theme.Look("one in which a group failed", "M-1,.9L0,-.9L1,.9Z", 90, theme.VERMILLION)
_RUN = "run"
# Groups of one beat run directly after one another; two beats are minutes apart.
_SAME_BEAT = timedelta(seconds=30)
_MOST_BEATS = 500  # drawn; no screen has room for more


@dataclass(frozen=True, slots=True)
class BeatSpan:
    """Groups that ran one after another."""

    start: datetime
    end: datetime
    groups: tuple[str, ...]
    failed: bool


def beats_of(events: Iterable[GroupEvent]) -> Iterator[BeatSpan]:
    """Given events, oldest first, yield the beats in which something ran."""
    going: BeatSpan | None = None
    for event in events:
        if event.decision != _RUN:
            continue
        end = event.at + timedelta(seconds=event.seconds or 0.0)
        failed = event.outcome is not None and event.outcome.is_failure
        if going and event.at - going.end <= _SAME_BEAT:
            end = max(going.end, end)
            going = BeatSpan(going.start, end, (*going.groups, event.group), going.failed or failed)
        else:
            if going:
                yield going
            going = BeatSpan(event.at, end, (event.group,), failed)
    if going:
        yield going


def panel(past: Past) -> Panel:
    """Return the part of the page about CPU and memory."""
    beats = list(beats_of(past.events))[-_MOST_BEATS:]
    figures = [_figure(past, name, beats) for name in _FIGURES]
    looks = [_WELL] * bool(beats) + [_FAILED] * any(beat.failed for beat in beats)
    return Panel(
        name="machine",
        title="CPU and memory",
        lead="The line is the mean, the band reaches from the lowest to the highest reading.",
        figures=figures,
        signs=[look.sign for look in looks] if any(figure.spec for figure in figures) else (),
        tables=_tables(past),
    )


def _figure(past: Past, name: str, beats: Sequence[BeatSpan]) -> Figure:
    what, buckets = _FIGURES[name], past.machine.get(name, ())
    title = what[:1].upper() + what[1:]
    if not buckets:
        nothing = f"No data yet: {what} was not measured in the last {span(past)}."
        return Figure(title, f"{nothing} The step collect_system_metrics fills this.", None)
    mean = sum(bucket.mean * bucket.count for bucket in buckets) / sum(bucket.count for bucket in buckets)
    peak = max(buckets, key=lambda bucket: bucket.high)
    description = f"mean {mean:.0f} %, highest {peak.high:.0f} % at {past.window.clock(peak.at)}"
    return Figure(title, description, _spec(past, buckets, beats), beside=description)


def _spec(past: Past, buckets: Sequence[Bucket], beats: Sequence[BeatSpan]) -> Spec:
    window, plot = past.window, Plot()
    x = x_axis(window.minutes, window.ticks())
    # Below zero there is room for the strip.
    scale = alt.Scale(domain=[-100 * _STRIP / (_HEIGHT - _STRIP), 100], nice=False)
    axis = alt.Axis(values=[0, 50, 100], labelExpr="datum.value ? datum.value + ' %' : ''", zindex=1)
    y = alt.Y("mean", type="quantitative", scale=scale, axis=axis)
    points = [_point(window, bucket) for bucket in buckets]
    layers = curve(plot, points, x, y, width=window.part / timedelta(minutes=1))
    for failed, sign in ((False, _WELL), (True, _FAILED)):
        marks = plot.of(
            {"x": window.place(beat.start), "tip": _tip(window, beat)}
            for beat in beats
            if beat.failed is failed
        ).mark_point(shape=sign.path, color=sign.colour, filled=True, opacity=1, size=sign.size)
        layers.append(marks.encode(x=x, y=alt.value(_HEIGHT - _STRIP / 2), tooltip=TIP))
    return plot.finished(layers, _HEIGHT)


def _point(window: Window, bucket: Bucket) -> Point:
    end = bucket.at + window.part
    return Point(
        x=window.place(bucket.at + window.part / 2),
        mean=round(bucket.mean, 1),
        low=round(bucket.low, 1),
        high=round(bucket.high, 1),
        tip=f"{window.clock(max(bucket.at, window.start))}–{window.clock(min(end, window.end))}\n"
        f"mean {bucket.mean:.0f} %\n{bucket.low:.0f} to {bucket.high:.0f} %",
    )


def _tip(window: Window, beat: BeatSpan) -> str:
    took = (beat.end - beat.start).total_seconds()
    how = "\na group failed" if beat.failed else ""
    return f"beat at {window.clock(beat.start)}, {took:.0f} s\n" + "\n".join(beat.groups) + how


def _tables(past: Past) -> list[FigureTable]:
    """Return the means of an eighth of the window each."""
    part = (past.window.end - past.window.start) / 8
    starts = [past.window.start + number * part for number in range(8)]
    rows = [
        (f"{past.window.clock(start)}–{past.window.clock(start + part)}", *_cells(past, start, start + part))
        for start in starts
    ]
    return (
        [FigureTable("Means and highest readings", ("time", "CPU", "memory"), rows)] if past.machine else []
    )


def _cells(past: Past, start: datetime, end: datetime) -> Iterator[str]:
    for name in _FIGURES:
        inside = [bucket for bucket in past.machine.get(name, ()) if start <= bucket.at < end]
        count = sum(bucket.count for bucket in inside)
        mean = sum(bucket.mean * bucket.count for bucket in inside) / count if count else 0.0
        yield f"{mean:.0f} %, up to {max(b.high for b in inside):.0f} %" if inside else "–"
