"""The page: one HTML file that needs nothing but itself, and is allowed nothing else."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from tasks.builtin.dashboard import durations, latency, load, machine, steps, theme, timeline, trends
from tasks.builtin.dashboard.data import Past
from tasks.builtin.dashboard.essence import Essence, span
from tasks.builtin.dashboard.panel import Panel


def panels(past: Past, top: Essence, *, is_served: bool = False) -> list[Panel]:
    """Return the parts of the page, in the order in which they are asked for.

    With `is_served`, runs are links to their pages in Prefect's UI.
    """
    return [
        timeline.panel(past, top.groups, links=is_served),
        load.panel(past),
        machine.panel(past),
        latency.panel(past),
        durations.panel(past),
        steps.panel(past),
        trends.panel(past),
    ]


def page(past: Past, top: Essence, library: str, *, is_served: bool = False) -> str:
    """Return the page as HTML; `library` is the script that draws charts.

    One that Prefect's server serves (`is_served`) links to the pages of Prefect's UI.
    """
    shown = panels(past, top, is_served=is_served)
    style, drawing = _resource("page.css"), _resource("page.js")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_resource("page.html")).render(
        past=past,
        window=past.window,
        span=span(past),
        top=top,
        panels=shown,
        is_served=is_served,
        charts=_as_data({"config": theme.CONFIG, "charts": _charts(shown)}),
        style=style,
        scripts=[library, drawing],
        policy=_policy(style, [library, drawing]),
    )


def _charts(shown: Sequence[Panel]) -> dict[str, object]:
    """Return every chart by the name of the element that it is drawn into."""
    return {
        f"{panel.name}-{number}": figure.spec
        for panel in shown
        for number, figure in enumerate(panel.figures, 1)
        if figure.spec
    }


def _as_data(value: object) -> str:
    """Return JSON that no HTML parser finds a tag or a comment in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", r"\u003c").replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")


def _policy(style: str, scripts: Sequence[str]) -> str:
    """Allow these scripts and this style by their checksums: no other, and no request at all."""
    sources = " ".join(_checksum(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {sources}; style-src {_checksum(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _checksum(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _resource(name: str) -> str:
    return files("tasks.builtin.dashboard").joinpath(name).read_text(encoding="utf-8")
