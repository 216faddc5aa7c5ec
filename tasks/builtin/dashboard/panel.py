"""A part of the page, before it is HTML: words first, then charts, then the same as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: A Vega-Lite chart, as JSON has it.
Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart. `description` is what is to be seen in it, for those who do not see it.

    Without a `spec` there is nothing to draw, and `description` is why.
    """

    title: str
    description: str
    spec: Spec | None
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Sign:
    """An entry of a legend: a path within -1 to 1, filled, and what it means."""

    label: str
    path: str
    colour: str


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads to a page of Prefect's UI, of the server that serves the dashboard."""

    text: str
    path: str


@dataclass(frozen=True, slots=True)
class FigureTable:
    """The figures behind the charts; a cell is plain text, or a link."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str | Link]]


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the page. `name` is its address within it; `columns` lets small charts stand side by side.

    `notes` are what is to be read without looking at the charts, a line each.
    """

    name: str
    title: str
    lead: str
    figures: Sequence[Figure]
    notes: Sequence[str] = ()
    signs: Sequence[Sign] = ()
    tables: Sequence[FigureTable] = ()
    columns: bool = False
