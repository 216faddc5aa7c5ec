"""The layers that several charts are made of: axes, a curve with its band, and what shows the tooltips."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

import altair as alt

from tasks.dashboard.panel import Spec

Row = Mapping[str, Any]
Chart = alt.Chart | alt.LayerChart

#: Named so that page.css can highlight the stretch below the mouse.
HIT = "hit"
#: Every row that answers the mouse has its words, in lines, as `tip`.
TIP = alt.Tooltip("tip", type="nominal")


@dataclass(frozen=True, slots=True)
class Point:
    """A stretch of a curve, from `start` to `end` on the axis; None where there is no value."""

    start: float
    end: float
    mean: float | None
    low: float | None
    high: float | None
    tip: str


class Plot:
    """Takes the rows of a chart, which Altair would walk through again and again, and lays its layers."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = {}

    def of(self, rows: Iterable[Row]) -> alt.Chart:
        """Return a chart of these rows, with no mark yet."""
        name = f"rows {len(self._rows) + 1}"
        self._rows[name] = list(rows)
        return alt.Chart(alt.NamedData(name))

    def finished(self, layers: Sequence[Chart], height: int) -> Spec:
        """Lay them over each other, that many pixels high and as wide as their place; return JSON."""
        laid = alt.layer(*layers).properties(width="container", height=height)
        # Altair's check costs more than all the rest; the tests have the browser's word instead.
        spec: dict[str, Any] = laid.to_dict(validate=False)
        del spec["config"], spec["$schema"]  # one for all charts; and what reads it is in the page
        return {**spec, "datasets": self._rows}


def x_axis(end: float, ticks: Mapping[int, str]) -> alt.X:
    """Return the horizontal axis of `x` from 0 to `end`, with these words at these places."""
    words = f"({json.dumps({str(place): word for place, word in ticks.items()})})[datum.value]"
    axis = alt.Axis(values=list(ticks), labelExpr=words)
    return alt.X("x", type="quantitative", axis=axis, scale=alt.Scale(domain=[0, end], nice=False))


def with_gaps(points: Sequence[Point]) -> list[Point]:
    """Put a point without values where nothing was measured for three times as long as usual."""
    if len(points) < 2:
        return list(points)
    usual = median(after.start - before.start for before, after in pairwise(points))
    found = [points[0]]
    for before, after in pairwise(points):
        if after.start - before.start > 3 * usual:
            found.append(Point(before.end, after.start, None, None, None, ""))
        found.append(after)
    return found


def curve(
    plot: Plot, points: Sequence[Point], x: alt.X, scale: alt.Scale, axis: alt.Axis, colour: str
) -> list[Chart]:
    """Return a line of the means, a band from low to high, and over all of it the tooltips.

    The band ends where nothing was measured, as the line does; `scale` and `axis` are the vertical ones.
    """
    both = plot.of(
        {
            "x": (point.start + point.end) / 2,
            "start": point.start,
            "end": point.end,
            "mean": point.mean,
            "low": point.low,
            "high": point.high,
            "tip": point.tip,
        }
        for point in with_gaps(points)
    )
    y = alt.Y("mean", type="quantitative", scale=scale, axis=axis)
    low = alt.Y("low", type="quantitative", scale=scale, axis=axis)
    line = both.mark_line(color=colour, strokeWidth=1.75, strokeCap="round", strokeJoin="round")
    under_mouse = both.mark_rect(opacity=0).encode(x=alt.X("start", type="quantitative"), x2=alt.X2("end"))
    return [
        both.mark_area(color=colour, opacity=0.18).encode(x=x, y=low, y2=alt.Y2("high")),
        line.encode(x=x, y=y),
        under_mouse.encode(tooltip=TIP).properties(name=HIT),
    ]
