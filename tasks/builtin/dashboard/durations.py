"""How long groups and steps are expected to take, and what outgrows its limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import altair as alt

from tasks.builtin.analysis.expected import LATEST_OF, USUAL_OF, Expected
from tasks.builtin.dashboard import theme
from tasks.builtin.dashboard.data import Past
from tasks.builtin.dashboard.layers import TIP, Plot
from tasks.builtin.dashboard.panel import Figure, FigureTable, Panel, Spec
from tasks.duration_text import about

_MOST = 10  # that are drawn; all are in the table
_ROW = 36  # pixels: a line of words, and the bar below it


def panel(past: Past) -> Panel:
    """Return the part of the page about expected durations."""
    groups = {past.label(name): past.expected[name] for name in past.settings.order if name in past.expected}
    count = Counter(step for _, step in past.expected_steps)
    steps = {
        step if count[step] == 1 else f"{step} ({group})": needs
        for (group, step), needs in past.expected_steps.items()
    }
    nothing = "No data yet: no group has completed here. A beat that runs one fills this."
    return Panel(
        name="durations",
        title="Expected durations",
        lead=f"Usually: the median of the last {USUAL_OF} runs that completed. "
        f"At most: what nine of ten of the last {LATEST_OF} stay below.",
        figures=[_figure("Groups", groups), _figure("Steps", steps)]
        if groups
        else [Figure("", nothing, None)],
        notes=[
            f"{each.sentence(past.window.end, past.window.zone)}. {each.remedy}" for each in past.outgrowing
        ],
        signs=[theme.USUALLY.sign, theme.AT_MOST.sign] if groups else (),
        tables=[_table(groups, steps)] if groups else (),
        columns=bool(groups),
    )


def _figure(title: str, expected: Mapping[str, Expected]) -> Figure:
    if not expected:
        nothing = "No data yet: no step has completed here. A beat that runs one fills this."
        return Figure(title, nothing, None)
    longest = sorted(expected, key=lambda name: -expected[name].at_most)[:_MOST]
    drawn = {name: expected[name] for name in longest}
    description = "; ".join(f"{name}: {needs.sentence}" for name, needs in drawn.items())
    beside = f"the longest {_MOST} of {len(expected)}" if len(expected) > _MOST else ""
    return Figure(title, description, _spec(drawn), beside=beside)


def _spec(expected: Mapping[str, Expected]) -> Spec:
    plot = Plot()
    y = alt.Y("name", type="nominal", axis=None, scale=alt.Scale(domain=list(expected), padding=0))
    rows = plot.of(
        {
            "name": name,
            "usual": round(needs.seconds, 3),
            "most": round(needs.at_most, 3),
            "words": f"{about(needs.seconds)} · {about(needs.at_most)}",
            "tip": f"{name}\n{needs.sentence}\n{_runs(needs)}",
        }
        for name, needs in expected.items()
    ).encode(y=y, tooltip=TIP)
    scale = alt.Scale(zero=True, nice=False)
    usual, most = (
        alt.X(key, type="quantitative", axis=None, scale=scale, stack=None) for key in ("usual", "most")
    )
    names = rows.mark_text(align="left", fontSize=12, yOffset=-5, limit=150)
    amounts = rows.mark_text(align="right", fontSize=12, color=theme.MUTED, yOffset=-5)
    return plot.finished(
        [
            rows.mark_bar(color=theme.AT_MOST.colour, size=3, yOffset=9).encode(x=most),
            rows.mark_bar(color=theme.USUALLY.colour, size=7, yOffset=9).encode(x=usual),
            names.encode(x=alt.value(0), text=alt.Text("name", type="nominal")),
            amounts.encode(x=alt.value("width"), text=alt.Text("words", type="nominal")),
        ],
        height=_ROW * len(expected),
    )


def _table(groups: Mapping[str, Expected], steps: Mapping[str, Expected]) -> FigureTable:
    rows = [
        (name, about(needs.seconds), about(needs.at_most), _runs(needs))
        for name, needs in [*groups.items(), *steps.items()]
    ]
    return FigureTable("Groups, and then their steps", ("what", "usually", "at most", "of"), rows)


def _runs(needs: Expected) -> str:
    return f"{needs.runs} {'run' if needs.runs == 1 else 'runs'}"
