"""What steps cost: time, CPU and memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import altair as alt
from humanize import naturalsize

from tasks.builtin.analysis.digest import StepDigest, steps_digest
from tasks.builtin.dashboard import theme
from tasks.builtin.dashboard.data import Past
from tasks.builtin.dashboard.essence import span
from tasks.builtin.dashboard.layers import TIP, Plot
from tasks.builtin.dashboard.panel import Figure, FigureTable, Panel, Spec

_MOST = 10  # steps that are drawn; all are in the table
_ROW = 36  # pixels: a line of words, and the bar below it


def panel(past: Past) -> Panel:
    """Return the part of the page about steps."""
    found = steps_digest(past.steps, past.window.start)
    names = _names(found)
    figures = [
        _figure("Duration", "mean · longest", names, lambda step: step.mean_seconds, _duration),
        _figure("CPU time", "all attempts together", names, lambda step: step.cpu_seconds, _cpu),
        _figure("Memory", "highest, with its children", names, lambda step: step.peak_memory, _memory),
    ]
    nothing = f"No data yet: no step ran in the last {span(past)}. Each step of a beat fills this."
    left_out = f" The {_MOST} heaviest of {len(found)} are drawn." if len(found) > _MOST else ""
    return Panel(
        name="steps",
        title="Steps",
        lead=f"What each step took and used in the last {span(past)}, the heaviest first.{left_out}",
        figures=figures if found else [Figure("", nothing, None)],
        tables=[_table(found)] if found else (),
        columns=bool(found),
    )


def _names(found: Sequence[StepDigest]) -> dict[str, StepDigest]:
    """Return the steps by a name for each: with its group, if two groups have one of that name."""
    count = Counter(step.step for step in found)
    return {step.step if count[step.step] == 1 else f"{step.step} ({step.group})": step for step in found}


def _figure(
    title: str,
    beside: str,
    steps: dict[str, StepDigest],
    value: Callable[[StepDigest], float],
    words: Callable[[StepDigest], str],
) -> Figure:
    measured = sorted((name for name in steps if value(steps[name])), key=lambda name: -value(steps[name]))
    if not measured:
        return Figure(title, f"No data yet: {title} of steps could not be measured.", None)
    drawn = {name: steps[name] for name in measured[:_MOST]}
    description = "; ".join(f"{name}: {words(step)}" for name, step in drawn.items())
    return Figure(title, description, _spec(drawn, value, words), beside=beside)


def _spec(
    steps: dict[str, StepDigest],
    value: Callable[[StepDigest], float],
    words: Callable[[StepDigest], str],
) -> Spec:
    plot = Plot()
    rows = alt.Scale(domain=list(steps), padding=0)
    bars = plot.of(
        {
            "step": name,
            "value": round(value(step), 3),
            "words": words(step),
            "tip": f"{name}\n{words(step)}\n{_attempts(step)}",
        }
        for name, step in steps.items()
    ).encode(y=alt.Y("step", type="nominal", axis=None, scale=rows), tooltip=TIP)
    # Not stacked, though there is nothing to stack: a step named "constructor" would break that.
    x = alt.X("value", type="quantitative", axis=None, scale=alt.Scale(zero=True, nice=False), stack=None)
    names = bars.mark_text(align="left", fontSize=12, yOffset=-5, limit=210)
    amounts = bars.mark_text(align="right", fontSize=12, color=theme.MUTED, yOffset=-5)
    return plot.finished(
        [
            bars.mark_bar(color=theme.BLUE, size=7, yOffset=9, cornerRadiusEnd=2).encode(x=x),
            names.encode(x=alt.value(0), text=alt.Text("step", type="nominal")),
            amounts.encode(x=alt.value("width"), text=alt.Text("words", type="nominal")),
        ],
        height=_ROW * len(steps),
    )


def _duration(step: StepDigest) -> str:
    mean = _seconds(step.mean_seconds)
    return mean if step.runs == 1 else f"{mean} · {_seconds(step.longest_seconds)}"


def _cpu(step: StepDigest) -> str:
    return _seconds(step.cpu_seconds) if step.cpu_seconds else "–"


def _memory(step: StepDigest) -> str:
    return naturalsize(step.peak_memory, binary=True, format="%.0f") if step.peak_memory else "–"


def _seconds(seconds: float) -> str:
    if seconds >= 600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.0f} s" if seconds >= 100 else f"{seconds:.1f} s"


def _attempts(step: StepDigest) -> str:
    failed = f", {step.failed} failed" if step.failed else ""
    return f"{step.runs} {'attempt' if step.runs == 1 else 'attempts'}{failed}"


def _table(found: Sequence[StepDigest]) -> FigureTable:
    rows = [
        (
            *(step.step, step.group, str(step.runs), str(step.failed)),
            *(_seconds(step.mean_seconds), _seconds(step.longest_seconds), _cpu(step), _memory(step)),
        )
        for step in found
    ]
    head = ("step", "group", "attempts", "failed", "mean", "longest", "CPU time", "memory")
    return FigureTable("Steps, the longest in all first", head, rows)
