"""Which groups ran when, how that ended, and what kept them from running."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import altair as alt

from tasks.builtin.analysis.digest import GroupDigest
from tasks.builtin.dashboard import theme
from tasks.builtin.dashboard.data import Past
from tasks.builtin.dashboard.essence import span
from tasks.builtin.dashboard.layers import TIP, Plot, x_axis
from tasks.builtin.dashboard.panel import Figure, FigureTable, Link, Panel, Spec
from tasks.builtin.dashboard.window import Window
from tasks.duration_text import duration
from tasks.outcome import Outcome
from tasks.store.measurements import GroupEvent

_RUN = "run"
# A group is asked again at every beat; longer ago, it was something else in between.
_SAME_WAIT = timedelta(minutes=16)
_LONGEST_REASON = 160  # characters
_MOST_RUNS = 1000  # drawn; no screen has room for more, and the page is to stay small
_MOST_ROWS = 50
_ROW = 52  # pixels: a line of words, and the signs below it
_SIGNS_DY = 14
_LOOKS = (*theme.OUTCOMES.values(), theme.WARNING, theme.UNKNOWN)


#: A row of a table about runs: at, group, what, why.
Row = tuple[str | Link, str, str, str]


@dataclass(frozen=True, slots=True)
class Wait:
    """A group that beats kept from running, again and again, from `start` to `end`."""

    group: str
    decision: str
    reason: str
    start: datetime
    end: datetime
    times: int


def panel(past: Past, digests: Sequence[GroupDigest], *, links: bool = False) -> Panel:
    """Return the part of the page about groups and their runs; with `links`, these lead to Prefect's UI."""
    runs = [event for event in past.events if event.decision == _RUN]
    waits = list(merged_waits(past.events))
    description = "; ".join(f"{digest.group}: {_tally(digest)}, waited {digest.waits}×" for digest in digests)
    nothing = f"No data yet: no group ran in the last {span(past)}. A beat that runs one fills this."
    seen = {_look(event).label for event in runs}
    holds = {_hold(wait.decision)[0] for wait in waits}
    looks = [look for look in _LOOKS if look.label in seen]
    looks += [look for look in dict.fromkeys(look for look, _ in theme.HOLDS.values()) if look in holds]
    left_out = len(runs) - len(_drawn(runs))
    return Panel(
        name="beats",
        title="Groups and their runs",
        lead="A sign is a run, at the time it began."
        + (f" {left_out:,} runs that went well are left out." if left_out else ""),
        figures=[
            Figure(
                "",
                description if runs or waits else nothing,
                _spec(past, digests, runs, waits, links=links) if runs or waits else None,
            )
        ],
        notes=[f"{past.label(each.group)}: {each.decision}: {each.reason}" for each in past.held],
        signs=[look.sign for look in looks],
        tables=_tables(past, digests, runs, waits, links=links) if runs or waits else (),
    )


def merged_waits(events: Iterable[GroupEvent]) -> Iterator[Wait]:
    """Given events, oldest first, yield the stretches in which beats kept a group from running."""
    going: dict[str, Wait] = {}
    for event in events:
        wait = going.pop(event.group, None)
        if event.decision == _RUN:
            if wait:
                yield wait
        elif wait and wait.decision == event.decision and event.at - wait.end <= _SAME_WAIT:
            going[event.group] = Wait(
                event.group, event.decision, event.reason, wait.start, event.at, wait.times + 1
            )
        else:
            if wait:
                yield wait
            going[event.group] = Wait(event.group, event.decision, event.reason, event.at, event.at, 1)
    yield from going.values()


def _spec(
    past: Past,
    digests: Sequence[GroupDigest],
    runs: Sequence[GroupEvent],
    waits: Sequence[Wait],
    *,
    links: bool,
) -> Spec:
    window = past.window
    x = x_axis(window.minutes, window.ticks())
    rows = alt.Scale(domain=[digest.group for digest in digests], padding=0)
    y, plot = alt.Y("group", type="nominal", axis=None, scale=rows), Plot()
    words = plot.of(
        {"group": digest.group, "label": past.label(digest.group), "tally": _tally(digest)}
        for digest in digests
    ).encode(y=y)
    held = plot.of(
        {
            "group": wait.group,
            "x": window.place(wait.start),
            "x2": window.place(wait.end),
            "look": _hold(wait.decision)[0].label,
            "tip": _wait_tip(window, wait),
        }
        for wait in waits
    )
    ran = plot.of(
        {
            "group": run.group,
            "x": window.place(run.at),
            "look": _look(run).label,
            "size": _look(run).size,
            "tip": _run_tip(past, run),
            **({"href": _page_of(run)} if links and run.run_id else {}),
        }
        for run in _drawn(runs)
    )
    labels = [look.label for look in _LOOKS]
    holds = {look.label: (look.colour, width) for look, width in theme.HOLDS.values()}
    widths = alt.Scale(domain=list(holds), range=[width for _, width in holds.values()])
    shapes = alt.Scale(domain=labels, range=[look.path for look in _LOOKS])
    # Layers share their scale of colours.
    colours = alt.Scale(
        domain=[*labels, *holds],
        range=[*(look.colour for look in _LOOKS), *(colour for colour, _ in holds.values())],
    )
    return plot.finished(
        [
            words.mark_rule(color=theme.GRID, yOffset=_SIGNS_DY),
            words.mark_text(align="left", fontWeight=600, yOffset=-9, limit=215).encode(
                x=alt.value(0), text=alt.Text("label", type="nominal")
            ),
            words.mark_text(align="right", color=theme.MUTED, fontSize=12, yOffset=-9, limit=130).encode(
                x=alt.value("width"), text=alt.Text("tally", type="nominal")
            ),
            held.mark_rule(strokeCap="round", yOffset=_SIGNS_DY).encode(
                x=x,
                x2=alt.X2("x2"),
                y=y,
                color=alt.Color("look", type="nominal", scale=colours, legend=None),
                strokeWidth=alt.StrokeWidth("look", type="ordinal", scale=widths, legend=None),
                tooltip=TIP,
            ),
            ran.mark_point(filled=True, opacity=1, yOffset=_SIGNS_DY).encode(
                x=x,
                y=y,
                shape=alt.Shape("look", type="nominal", scale=shapes, legend=None),
                color=alt.Color("look", type="nominal", scale=colours, legend=None),
                size=alt.Size("size", type="quantitative", scale=None),
                tooltip=TIP,
                href=alt.Href("href", type="nominal"),
            ),
        ],
        height=_ROW * len(digests),
    )


def _drawn(runs: Sequence[GroupEvent]) -> list[GroupEvent]:
    """Return the runs to draw, failures last and so on top; where there are too many, the latest."""
    failed = [run for run in runs if _look(run) is not theme.OUTCOMES[Outcome.COMPLETED]]
    well = [run for run in runs if _look(run) is theme.OUTCOMES[Outcome.COMPLETED]]
    failed = failed[-_MOST_RUNS:]
    room = _MOST_RUNS - len(failed)
    return (well[-room:] if room else []) + failed


def _look(run: GroupEvent) -> theme.Look:
    if run.has_warning:
        return theme.WARNING
    return theme.OUTCOMES[run.outcome] if run.outcome else theme.UNKNOWN


def _hold(decision: str) -> tuple[theme.Look, int]:
    return theme.HOLDS.get(decision, theme.HOLDS["waits"])


def _page_of(run: GroupEvent) -> str:
    """Return the path of a run's page in Prefect's UI."""
    return f"/runs/flow-run/{run.run_id}"


def _run_tip(past: Past, run: GroupEvent) -> str:
    took = "" if run.seconds is None else f" after {duration(run.seconds)}"
    ended = f"{_look(run).label}{took}"
    return _lines(f"{run.group}, {past.window.clock(run.at)}", ended, _why(past, run))


def _why(past: Past, run: GroupEvent) -> str:
    """Return what failed or warns; of a run in which all was well, why it began."""
    failed = run.outcome is not None and run.outcome.is_failure
    return run.fault or (past.failed_steps(run) if failed else run.reason)


def _wait_tip(window: Window, wait: Wait) -> str:
    start, end = window.clock(wait.start), window.clock(wait.end)
    times = start if start == end else f"{start}–{end}"
    beats = "" if wait.times == 1 else f" for {wait.times} beats"
    return _lines(f"{wait.group}, {times}", f"{wait.decision}{beats}", wait.reason)


def _lines(*lines: str) -> str:
    return "\n".join(_shortened(line) for line in lines if line)


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 1] + "…"


def _tally(digest: GroupDigest) -> str:
    parts = [f"{digest.runs} {'run' if digest.runs == 1 else 'runs'}"]
    parts += [f"{digest.failed} failed"] * bool(digest.failed)
    return " · ".join(parts)


def _tables(
    past: Past,
    digests: Sequence[GroupDigest],
    runs: Sequence[GroupEvent],
    waits: Sequence[Wait],
    *,
    links: bool,
) -> list[FigureTable]:
    groups = FigureTable(
        "Groups",
        ("group", "runs", "completed", "failed", "waited", "mostly because", "mean", "longest"),
        [
            (
                *(digest.group, str(digest.runs), str(digest.completed), str(digest.failed)),
                *(str(digest.waits), _shortened(digest.reason)),
                *(_seconds(digest.mean_seconds), _seconds(digest.longest_seconds)),
            )
            for digest in digests
        ],
    )
    latest_runs = runs[: -_MOST_ROWS - 1 : -1]
    latest = [
        FigureTable(caption, ("at", "group", "what", "why"), rows)
        for caption, rows in (
            ("Failures and waits, the latest first", _trouble(past, runs, waits, links=links)),
            ("Runs, the latest first", [_run_row(past, run, links=links) for run in latest_runs]),
        )
        if rows
    ]
    return [groups, *latest]


def _trouble(past: Past, runs: Sequence[GroupEvent], waits: Sequence[Wait], *, links: bool) -> list[Row]:
    """Return the rows of what failed or was kept from running, the latest first."""
    failures = [
        run for run in runs if run.has_warning or (run.outcome is not None and run.outcome.is_failure)
    ]
    rows: list[tuple[datetime, Row]] = [(run.at, _run_row(past, run, links=links)) for run in failures]
    for wait in waits:
        what = f"{wait.decision}, {wait.times}×"
        rows.append((wait.start, (past.window.clock(wait.start), wait.group, what, _shortened(wait.reason))))
    rows.sort(key=lambda each: each[0], reverse=True)
    return [row for _, row in rows[:_MOST_ROWS]]


def _run_row(past: Past, run: GroupEvent, *, links: bool) -> Row:
    clock = past.window.clock(run.at)
    at = Link(clock, _page_of(run)) if links and run.run_id else clock
    return (at, run.group, _look(run).label, _shortened(_why(past, run)))


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else duration(seconds)
