"""How fast each endpoint answered, and what its circuit breaker did."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import altair as alt

from tasks.builtin.dashboard import theme
from tasks.builtin.dashboard.data import Past
from tasks.builtin.dashboard.essence import availability, percent, span
from tasks.builtin.dashboard.layers import TIP, Plot, Point, Row, curve, x_axis
from tasks.builtin.dashboard.panel import Figure, FigureTable, Panel, Sign, Spec
from tasks.builtin.dashboard.window import Window
from tasks.builtin.endpoints.breaker import BreakerState
from tasks.outcome import Outcome
from tasks.store.measurements import ProbeBucket

# Pixels: the plot, below the curve in it the strip of failures and breaker, and a line of text.
_HEIGHT, _STRIP, _LINE = 140, 26, 24
_MOST = 8  # endpoints that are drawn; all are in the table
_LONGEST = 160  # characters of a reason
_FAILED = theme.OUTCOMES[Outcome.FAILED]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A breaker in one state, from `start` to `end`; `reason` is empty if it was so before the window."""

    state: str
    start: datetime
    end: datetime
    reason: str


def panel(past: Past) -> Panel:
    """Return the part of the page about endpoints."""
    names = sorted(past.probes, key=lambda name: (availability(past, name) or 0.0, name))[:_MOST]
    shown = sorted(names)
    states = {stretch.state for name in shown for stretch in stretches(past, name)}
    left_out = len(past.probes) - len(shown)
    nothing = (
        f"No data yet: no endpoint was asked in the last {span(past)}. "
        "The steps check_health and save_performance_benchmark fill this."
    )
    more = f" {left_out} more are in the table." if left_out else ""
    lead = "The line is the mean, the band reaches up to the slowest answer; the scale is logarithmic."
    failed = any(bucket.ok < bucket.asked for name in shown for bucket in past.probes[name])
    return Panel(
        name="latency",
        title="Endpoints",
        lead=lead + more,
        figures=[_figure(past, name) for name in shown] or [Figure("", nothing, None)],
        signs=[
            *[Sign("not answered", _FAILED.path, _FAILED.colour)] * failed,
            *(theme.BREAKERS[state][0].sign for state in theme.BREAKERS if state in states),
        ],
        tables=[_table(past)] if shown else (),
    )


def stretches(past: Past, endpoint: str) -> Iterator[Stretch]:
    """Yield what an endpoint's breaker was over the window, oldest first."""
    window = past.window
    changes = [change for change in past.transitions if change.endpoint == endpoint]
    latest = past.breakers.get(endpoint)
    before = changes[0].before if changes else latest.after if latest else BreakerState.CLOSED.value
    start, state, reason = window.start, before, ""
    for change in changes:
        yield Stretch(state, start, change.at, reason)
        start, state, reason = change.at, change.after, change.reason
    yield Stretch(state, start, window.end, reason)


def _figure(past: Past, name: str) -> Figure:
    state = list(stretches(past, name))[-1].state
    buckets, part = past.probes[name], availability(past, name)
    mean = _mean(buckets)
    usual = "no answer" if mean is None else f"mean {milliseconds(mean)}"
    answered = "" if part is None else f", {percent(part)} of {_asked(buckets)} probes answered"
    description = f"{usual}{answered}, breaker {_label(state)}"
    return Figure(name, description, _spec(past, name), beside=description)


def _spec(past: Past, name: str) -> Spec:
    window, buckets, plot = past.window, past.probes[name], Plot()
    x = x_axis(window.minutes, window.ticks())
    floor, ceiling = _range(buckets)
    scale = alt.Scale(type="log", domain=[floor, ceiling], nice=False)
    axis = alt.Axis(values=round_values(floor, ceiling), labelExpr=theme.MILLISECONDS, zindex=1)
    y = alt.Y("mean", type="quantitative", scale=scale, axis=axis)
    points = [_point(window, bucket) for bucket in buckets]
    layers = curve(plot, points, x, y, width=window.part / timedelta(minutes=1), band=("mean", "high"))
    failures = plot.of(
        {"x": window.place(bucket.at + window.part / 2), "tip": _tip(window, bucket)}
        for bucket in buckets
        if bucket.ok < bucket.asked
    )
    layers.append(
        failures.mark_point(shape=_FAILED.path, filled=True, size=70, opacity=1, color=_FAILED.colour).encode(
            x=x, y=alt.value(_HEIGHT - _STRIP), tooltip=TIP
        )
    )
    strip = plot.of(_strip_row(window, stretch) for stretch in stretches(past, name))
    layers.append(
        strip.mark_rule().encode(
            x=x,
            x2=alt.X2("x2"),
            y=alt.value(_HEIGHT - 6),
            color=alt.Color("colour", type="nominal", scale=None),
            strokeWidth=alt.StrokeWidth("thick", type="quantitative", scale=None),
            tooltip=TIP,
        )
    )
    return plot.finished(layers, _HEIGHT)


def _strip_row(window: Window, stretch: Stretch) -> Row:
    look, thick = theme.BREAKERS.get(stretch.state, theme.BREAKERS[BreakerState.CLOSED])
    start, end = window.place(stretch.start), window.place(stretch.end)
    return {
        "x": start,
        "x2": end,
        "colour": look.colour,
        "thick": thick,
        "tip": _stretch_tip(window, stretch),
    }


def _point(window: Window, bucket: ProbeBucket) -> Point:
    mean, high = (None if value is None else _drawn(value) for value in (bucket.mean, bucket.high))
    middle = window.place(bucket.at + window.part / 2)
    return Point(middle, mean, high=high, tip=_tip(window, bucket))


def _drawn(seconds: float) -> float:
    """Return a latency in milliseconds for a logarithmic axis, which has no zero."""
    return max(round(seconds * 1000, 2), 0.01)


def _range(buckets: Sequence[ProbeBucket]) -> tuple[float, float]:
    """Return the least and the greatest value of the axis; there is room for the strip below the curve."""
    low = min((_drawn(bucket.mean) for bucket in buckets if bucket.mean is not None), default=1.0)
    high = max((_drawn(bucket.high) for bucket in buckets if bucket.high is not None), default=low)
    low, high = low * 0.8, max(high * 1.2, low * 4)
    return low * (low / high) ** (_STRIP / (_HEIGHT - _STRIP)), high


def round_values(floor: float, ceiling: float) -> list[float]:
    """Return round values (1, 2, 5, 10, …) within the range, no two of them closer than a line of text."""
    height = _HEIGHT / math.log(ceiling / floor)
    found: list[float] = []
    for power in range(-2, 9):
        for value in (10.0**power, 2 * 10.0**power, 5 * 10.0**power):
            if floor < value <= ceiling and (not found or math.log(value / found[-1]) * height >= _LINE):
                found.append(value)
    return found


def _tip(window: Window, bucket: ProbeBucket) -> str:
    lines = [f"{window.clock(max(bucket.at, window.start))}, {bucket.asked} asked, {bucket.ok} answered"]
    if bucket.mean is not None and bucket.high is not None:
        lines.append(f"mean {milliseconds(bucket.mean)}, slowest {milliseconds(bucket.high)}")
    return "\n".join(lines)


def _stretch_tip(window: Window, stretch: Stretch) -> str:
    times = f"{window.clock(stretch.start)}–{window.clock(stretch.end)}"
    reason = " ".join(stretch.reason.split())[:_LONGEST]
    return f"breaker {_label(stretch.state)}, {times}" + (f"\n{reason}" if reason else "")


def _label(state: str) -> str:
    return state.replace("_", "-")


def milliseconds(seconds: float) -> str:
    """Return a latency as people read it: 8.1 ms, 220 ms, 12.3 s."""
    if seconds >= 10:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"


def _mean(buckets: Sequence[ProbeBucket]) -> float | None:
    answered = [(bucket.mean, bucket.ok) for bucket in buckets if bucket.mean is not None]
    total = sum(ok for _, ok in answered)
    return sum(mean * ok for mean, ok in answered) / total if total else None


def _asked(buckets: Sequence[ProbeBucket]) -> int:
    return sum(bucket.asked for bucket in buckets)


def _table(past: Past) -> FigureTable:
    rows = []
    for name, buckets in past.probes.items():
        mean, part = _mean(buckets), availability(past, name)
        slowest = max((bucket.high for bucket in buckets if bucket.high is not None), default=None)
        walked = list(stretches(past, name))
        opened = sum(stretch.state == BreakerState.OPEN and bool(stretch.reason) for stretch in walked)
        rows.append(
            (
                *(name, str(_asked(buckets)), "–" if part is None else percent(part)),
                *("–" if value is None else milliseconds(value) for value in (mean, slowest)),
                *(_label(walked[-1].state), f"{opened}×"),
            )
        )
    head = ("endpoint", "asked", "answered", "mean", "slowest", "breaker", "opened")
    return FigureTable("Endpoints", head, rows)
