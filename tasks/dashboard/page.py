"""The page: one HTML file that needs nothing but itself, and is allowed nothing else."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from tasks.dashboard import latency, machine, steps, theme, timeline, trends
from tasks.dashboard.data import Past
from tasks.dashboard.essence import Essence, span
from tasks.dashboard.panel import Panel


def panels(past: Past, top: Essence) -> list[Panel]:
    """Return the parts of the page, in the order in which they are asked for."""
    return [
        timeline.panel(past, top.groups),
        machine.panel(past),
        latency.panel(past),
        steps.panel(past),
        trends.panel(past),
    ]


def page(past: Past, top: Essence, library: str) -> str:
    """Return the page as HTML; `library` is the script that draws charts."""
    shown = panels(past, top)
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
    return files("tasks.dashboard").joinpath(name).read_text(encoding="utf-8")
