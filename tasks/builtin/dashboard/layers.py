"""The layers that several charts are made of: axes, a curve with its band, and what shows the tooltips."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

import altair as alt

from tasks.builtin.dashboard import theme
from tasks.builtin.dashboard.panel import Spec

Row = Mapping[str, Any]
Chart = alt.Chart | alt.LayerChart

#: Named so that page.css can highlight the stretch below the mouse.
HIT = "hit"
#: Every row that answers the mouse has its words, in lines, as `tip`.
TIP = alt.Tooltip("tip", type="nominal")


@dataclass(frozen=True, slots=True)
class Point:
    """A stretch of a curve: its middle on the axis, and its values, None where there are none."""

    x: float
    mean: float | None
    low: float | None = None
    high: float | None = None
    tip: str = ""

    def row(self) -> Row:
        """The point as a chart takes it; many points make a large page, so what is missing is left out."""
        values = {"mean": self.mean, "low": self.low, "high": self.high}
        return {"x": self.x, "tip": self.tip} | {
            key: each for key, each in values.items() if each is not None
        }


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
    usual = median(after.x - before.x for before, after in pairwise(points))
    found = [points[0]]
    for before, after in pairwise(points):
        if after.x - before.x > 3 * usual:
            found.append(Point((before.x + after.x) / 2, None))
        found.append(after)
    return found


def alone(points: Sequence[Point]) -> list[Point]:
    """Return the points with no value on either side, of which a line shows nothing."""
    nothing = Point(0, None)
    neighbours = zip([nothing, *points], points, [*points[1:], nothing], strict=False)
    return [
        point
        for before, point, after in neighbours
        if point.mean is not None and before.mean is None and after.mean is None
    ]


def curve(
    plot: Plot,
    points: Sequence[Point],
    x: alt.X,
    y: alt.Y,
    *,
    width: float,
    band: tuple[str, str] | None = ("low", "high"),
) -> list[Chart]:
    """Return a line of the means, a band between two other values, and over all of it the tooltips.

    Line and band end where nothing was measured; `y` is the axis of the means, and `width` how long the
    stretch of a point is.
    """
    broken = with_gaps(points)
    rows = plot.of(point.row() for point in broken)
    under_mouse = (
        rows.transform_filter("datum.tip")
        .transform_calculate(start=f"datum.x - {width / 2}", end=f"datum.x + {width / 2}")
        .mark_rect(opacity=0, clip=True)
        .encode(x=alt.X("start", type="quantitative"), x2=alt.X2("end"), tooltip=TIP)
        .properties(name=HIT)
    )
    layers: list[Chart] = [*_line(plot, rows, broken, x, y, theme.GREEN), under_mouse]
    if band:
        low, high = band
        area = rows.mark_area(color=theme.GREEN, opacity=0.18)
        layers.insert(0, area.encode(x=x, y=alt.Y(low, type="quantitative"), y2=alt.Y2(high)))
    return layers


def line(plot: Plot, points: Sequence[Point], x: alt.X, y: alt.Y, colour: str) -> list[Chart]:
    """Return a line of the means alone, which ends where nothing was measured."""
    broken = with_gaps(points)
    return _line(plot, plot.of(point.row() for point in broken), broken, x, y, colour)


def _line(
    plot: Plot, rows: alt.Chart, points: Sequence[Point], x: alt.X, y: alt.Y, colour: str
) -> list[Chart]:
    dots = plot.of(point.row() for point in alone(points))
    line = rows.mark_line(color=colour, strokeWidth=1.75, strokeJoin="round")
    dot = dots.mark_point(color=colour, filled=True, size=24, opacity=1)
    return [line.encode(x=x, y=y), dot.encode(x=x, y=y)]
