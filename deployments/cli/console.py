"""What the commands print: words for people, or one JSON object; never a control character of a script's."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from deployments.service import journal
from tasks.redaction.visible import visible

_COLOURS = {"completed": "green", "failed": "red", "degraded": "yellow"}
_DEL_AND_C1 = re.compile(r"[\x7f-\x9f]")  # which JSON may have as they are


def say(text: str, level: int = journal.INFO) -> None:
    """Print a line for people; `level` is for systemd's journal."""
    _print(visible(text), level, sys.stdout)


def warning(text: str) -> None:
    """Print a warning, apart from the results."""
    _print(f"warning: {visible(text)}", journal.WARNING, sys.stderr)


def error(text: str, to: TextIO | None = None) -> None:
    """Print an error, apart from the results."""
    _print(f"error: {visible(text)}", journal.ERROR, to or sys.stderr)


def _print(text: str, level: int, stream: TextIO) -> None:
    print(journal.for_stream(text, level, stream), file=stream, flush=True)


def show_json(value: dict[str, Any]) -> None:
    """Print the command's one JSON object."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    print(_DEL_AND_C1.sub(lambda found: f"\\u{ord(found[0]):04x}", text), flush=True)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], folding: Sequence[str] = ()) -> Any:
    """Return a table that rich prints as wide as the terminal is.

    `folding` are the columns that fold where it is too narrow; the last one, if none is named.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in head:
        made.add_column(name, no_wrap=name not in (folding or head[-1:]), overflow="fold")
    for row in rows:
        made.add_row(*(Text(visible(cell), style=_style(cell)) for cell in row))
    return made


def numbered(texts: Mapping[int, str]) -> Any:
    """Return paragraphs with their numbers before them, for rich to print as wide as the terminal is."""
    from rich.table import Table
    from rich.text import Text

    made = Table.grid(padding=(0, 2))
    made.add_column(justify="right", min_width=3)
    made.add_column(overflow="fold")
    for number, text in texts.items():
        made.add_row(str(number), Text(visible(text)))
    return made


def show(renderable: Any) -> None:
    """Print something of rich's; without a terminal in full width, so that no name is cut."""
    from rich.console import Console

    console = Console()
    console.width = console.width if console.is_terminal else 200
    console.print(renderable)


def seconds(value: float | None) -> str:
    """Given seconds, return them as people read them."""
    if value is None:
        return "–"
    if value < 100:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def clock(time: datetime | None, zone: ZoneInfo, now: datetime) -> str:
    """Given a time, return its time of day, with the day where that is not today."""
    if time is None:
        return "–"
    local = time.astimezone(zone)
    today = now.astimezone(zone).date()
    return f"{local:%H:%M:%S}" if local.date() == today else f"{local:%a %d %b %H:%M}"


def _style(cell: str) -> str:
    return _COLOURS.get(cell.split(" ", 1)[0], "")
