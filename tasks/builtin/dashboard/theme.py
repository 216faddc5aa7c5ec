"""How the charts look: the colours are the page's CSS variables, so light and dark need no drawing again.

Hues are those of Okabe and Ito, Color Universal Design (2008), which people can distinguish whatever
their colour vision; page.css holds them. No colour speaks alone: each outcome has a shape as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.builtin.dashboard.panel import Sign
from tasks.builtin.endpoints.breaker import BreakerState
from tasks.outcome import Outcome

INK, MUTED, GRID, CARD = "var(--ink)", "var(--muted)", "var(--grid)", "var(--card)"
BLUE, GREEN, ORANGE, VERMILLION, PURPLE = (
    f"var(--{name})" for name in ("blue", "green", "orange", "vermillion", "purple")
)
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif'


@dataclass(frozen=True, slots=True)
class Look:
    """A sign: a path within -1 to 1, its area in square pixels if that box is filled, and its colour."""

    label: str
    path: str
    size: int
    colour: str

    @property
    def sign(self) -> Sign:
        """It as an entry of a legend."""
        return Sign(self.label, self.path, self.colour)


_CROSS = "M-1,-.55L-.55,-1L0,-.45L.55,-1L1,-.55L.45,0L1,.55L.55,1L0,.45L-.55,1L-1,.55L-.45,0Z"
OUTCOMES = {
    Outcome.COMPLETED: Look("completed", "M-.12,-1H.12V1H-.12Z", 196, BLUE),
    Outcome.FAILED: Look("failed", _CROSS, 110, VERMILLION),
    Outcome.TIMED_OUT: Look("timed out", "M-.9,-1H.9L.25,0L.9,1H-.9L-.25,0Z", 120, PURPLE),
    Outcome.CRASHED: Look("crashed", "M-1,-.85H1L0,.95Z", 130, VERMILLION),
    Outcome.CANCELLED: Look("cancelled", "M-.9,-.35H.9V.35H-.9Z", 110, MUTED),
    Outcome.SKIPPED: Look("skipped", "M0,-1L.8,0L0,1L-.8,0Z", 90, MUTED),
}
#: It is completed, and its exit code says that not all is well.
WARNING = Look("completed (warning)", "M0,-1L1,.8H-1Z", 120, ORANGE)
#: A run of which nobody knows the end: it is still going on, or was cut off.
UNKNOWN = Look("no end known", "M-.9,-.9H.9V.9H-.9ZM-.5,-.5V.5H.5V-.5Z", 80, MUTED)
_BLOCKED = (Look("blocked", "M-1,-.35H1V.35H-1Z", 0, ORANGE), 6)
#: What keeps a group from running, by the decision, and how thick its line is (pixels).
HOLDS: Mapping[str, tuple[Look, int]] = {
    "waits": _BLOCKED,
    "busy": _BLOCKED,
    "deferred": (Look("deferred", "M-1,-.2H1V.2H-1Z", 0, GREEN), 4),
    "paused": (Look("paused", "M-1,-.1H1V.1H-1Z", 0, MUTED), 2),
}
#: The lines of a chart of the load, and the limit in it.
OTHERS = Look("others", "M-1,-.14H1V.14H-1Z", 0, GREEN)
OWN = Look("Rhythm and its scripts", "M-1,-.14H1V.14H-1Z", 0, BLUE)
LIMIT = Look("the limit", "M-1,-.1H-.3V.1H-1ZM.3,-.1H1V.1H.3Z", 0, VERMILLION)
#: How long runs take: usually, and beyond that in nine of ten cases at most.
USUALLY = Look("usually", "M-1,-.5H1V.5H-1Z", 0, BLUE)
AT_MOST = Look("at most, in nine of ten", "M-1,-.5H1V.5H-1Z", 0, ORANGE)
#: A breaker's states: what is worse is also thicker (pixels).
BREAKERS: Mapping[str, tuple[Look, int]] = {
    BreakerState.CLOSED: (Look("breaker closed", "M-1,-.12H1V.12H-1Z", 0, BLUE), 2),
    BreakerState.HALF_OPEN: (Look("half-open", "M-1,-.4H1V.4H-1Z", 0, ORANGE), 6),
    BreakerState.OPEN: (Look("open", "M-1,-.8H1V.8H-1Z", 0, VERMILLION), 12),
}

#: The labels of an axis of milliseconds, as Vega's expression.
MILLISECONDS = "datum.value < 0 ? '' : format(datum.value, ',~r') + ' ms'"
#: For Vega-Lite. Axis labels stand inside the plots, so that every plot is as wide as its card and all
#: time axes lie exactly below each other.
CONFIG: Mapping[str, Any] = {
    "aria": False,  # the page itself has words and a table for each chart
    "background": None,
    "font": FONT,
    "padding": {"left": 2, "right": 2, "top": 4, "bottom": 2},
    "autosize": {"type": "fit-x", "contains": "padding"},
    "view": {"stroke": None, "clip": False},
    "text": {"color": INK, "fontSize": 13},
    "axis": {
        "domain": False,
        "ticks": False,
        "gridColor": GRID,
        "labelColor": MUTED,
        "labelFontSize": 12,
        "title": None,
    },
    "axisX": {"labelOverlap": "parity", "labelFlush": 24, "labelPadding": 8, "labelSeparation": 6},
    "axisY": {
        "labelAlign": "left",
        "labelBaseline": "bottom",
        "labelPadding": -2,
        "labelOffset": -3,
    },
}
