"""How CPU, memory and latency went day by day, for as long as measurements are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean

import altair as alt

from tasks.builtin.dashboard import theme
from tasks.builtin.dashboard.data import Day, EndpointDay, Past
from tasks.builtin.dashboard.essence import AVAILABLE, percent
from tasks.builtin.dashboard.latency import milliseconds
from tasks.builtin.dashboard.layers import TIP, Plot, Point, curve, x_axis
from tasks.builtin.dashboard.panel import Figure, FigureTable, Panel, Sign, Spec
from tasks.outcome import Outcome
from tasks.store.measurements import CPU, MEMORY

_FIGURES = {CPU: "CPU", MEMORY: "memory"}
_HEIGHT, _STRIP = 120, 14  # pixels: the plot, and below the curve the strip of bad days in it
_MOST = 8  # endpoints that are drawn
_MOST_TICKS = 7
_FAILED = theme.OUTCOMES[Outcome.FAILED]


def panel(past: Past) -> Panel:
    """Return the part of the page about days."""
    calendar = Calendar.of(past)
    figures = [_machine(calendar, name, past.machine_days.get(name, ())) for name in _FIGURES]
    endpoints = list(past.endpoint_days.items())[:_MOST]
    figures += [_endpoint(calendar, name, days) for name, days in endpoints]
    bad = any(_is_bad(day) for days in past.endpoint_days.values() for day in days)
    anything = any(figure.spec for figure in figures)
    nothing = Figure("", "No data yet: the step collect_system_metrics begins the trends.", None)
    lead = (
        f"Means of each day, {calendar.days} so far; {past.settings.retention.days} are kept. "
        "The band reaches from the quietest to the busiest half hour."
    )
    return Panel(
        name="trends",
        title="Day by day",
        lead=lead,
        figures=figures if anything else [nothing],
        signs=[Sign(f"answered less than {percent(AVAILABLE)}", _FAILED.path, _FAILED.colour)] * bad,
        tables=[_table(past, calendar)] if anything else (),
        columns=anything,
    )


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days that are shown; the first of them is at 0."""

    first: date
    days: int

    @classmethod
    def of(cls, past: Past) -> Calendar:
        machine = [day.day for days in past.machine_days.values() for day in days]
        endpoints = [day.day for days in past.endpoint_days.values() for day in days]
        shown = machine + endpoints or [past.window.end.astimezone(past.window.zone).date()]
        return cls(min(shown), (max(shown) - min(shown)).days + 1)

    def at(self, place: int) -> date:
        return self.first + timedelta(days=place)

    def place(self, day: date) -> int:
        return (day - self.first).days

    def x(self) -> alt.X:
        every = -(-self.days // _MOST_TICKS)
        every = every if every <= 3 else -(-every // 7) * 7  # whole weeks
        places = sorted(range(self.days - 1, -1, -every))
        return x_axis(self.days, {place: f"{self.at(place).day} {self.at(place):%b}" for place in places})


def _machine(calendar: Calendar, name: str, days: Sequence[Day]) -> Figure:
    what = _FIGURES[name]
    title = what[:1].upper() + what[1:]
    if not days:
        nothing = f"No data yet: {what} was not measured."
        return Figure(title, f"{nothing} The step collect_system_metrics fills this.", None)
    points = [
        Point(
            x=calendar.place(day.day) + 0.5,
            mean=round(day.mean, 1),
            low=round(day.low, 1),
            high=round(day.high, 1),
            tip=f"{_words(day.day)}\nmean {day.mean:.0f} %\n{day.low:.0f} to {day.high:.0f} %",
        )
        for day in days
    ]
    axis = alt.Axis(values=[0, 50, 100], labelExpr="datum.value ? datum.value + ' %' : ''", zindex=1)
    description = _change([day.mean for day in days], lambda value: f"{value:.0f} %")
    plot = Plot()
    y = alt.Y("mean", type="quantitative", scale=alt.Scale(domain=[0, 100]), axis=axis)
    layers = curve(plot, points, calendar.x(), y, width=1)
    return Figure(title, description, plot.finished(layers, _HEIGHT), beside=description)


def _endpoint(calendar: Calendar, name: str, days: Sequence[EndpointDay]) -> Figure:
    means = [day.mean for day in days if day.mean is not None]
    if not means:
        return Figure(name, "No data yet: it never answered.", None)
    description = _change(means, milliseconds)
    return Figure(name, description, _endpoint_spec(calendar, days), beside=description)


def _endpoint_spec(calendar: Calendar, days: Sequence[EndpointDay]) -> Spec:
    points = [_endpoint_point(calendar.place(day.day), day) for day in days]
    x, plot = calendar.x(), Plot()
    highest = max((point.mean for point in points if point.mean is not None), default=1.0)
    scale = alt.Scale(domain=[-1.1 * highest * _STRIP / (_HEIGHT - _STRIP), 1.1 * highest], nice=False)
    axis = alt.Axis(tickCount=3, labelExpr=theme.MILLISECONDS, zindex=1)
    y = alt.Y("mean", type="quantitative", scale=scale, axis=axis)
    layers = curve(plot, points, x, y, width=1, band=None)
    bad = plot.of(
        {"x": calendar.place(day.day) + 0.5, "tip": _endpoint_tip(day)} for day in days if _is_bad(day)
    )
    mark = bad.mark_point(shape=_FAILED.path, filled=True, size=45, opacity=1, color=_FAILED.colour)
    layers.append(mark.encode(x=x, y=alt.value(_HEIGHT - _STRIP / 2), tooltip=TIP))
    return plot.finished(layers, _HEIGHT)


def _endpoint_point(place: int, day: EndpointDay) -> Point:
    mean = None if day.mean is None else round(day.mean * 1000, 2)
    return Point(place + 0.5, mean, tip=_endpoint_tip(day))


def _endpoint_tip(day: EndpointDay) -> str:
    lines = [_words(day.day), f"{percent(day.ok / day.asked)} of {day.asked} probes answered"]
    if day.mean is not None and day.high is not None:
        lines.append(f"mean {milliseconds(day.mean)}, slowest half hour {milliseconds(day.high)}")
    return "\n".join(lines)


def _is_bad(day: EndpointDay) -> bool:
    return day.ok < AVAILABLE * day.asked


def _change(means: Sequence[float], words: Callable[[float], str]) -> str:
    """Given the means of days, describe how the last seven compare with all."""
    said = f"mean {words(fmean(means))}"
    return f"{said}, last 7 days {words(fmean(means[-7:]))}" if len(means) > 7 else said


def _words(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def _table(past: Past, calendar: Calendar) -> FigureTable:
    machine = {name: {day.day: day for day in days} for name, days in past.machine_days.items()}
    endpoints = {name: {day.day: day for day in days} for name, days in past.endpoint_days.items()}
    rows = []
    for place in reversed(range(calendar.days)):
        day = calendar.at(place)
        figures = (machine.get(name, {}).get(day) for name in _FIGURES)
        asked = (found.get(day) for found in endpoints.values())
        rows.append(
            (
                day.isoformat(),
                *("–" if figure is None else f"{figure.mean:.0f} %" for figure in figures),
                *("–" if each is None or each.mean is None else milliseconds(each.mean) for each in asked),
            )
        )
    return FigureTable("Means of each day, the latest first", ("day", "CPU", "memory", *endpoints), rows)
