"""What the commands print: words for people, or one JSON object; never a control character of a script's."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from deployments.cli.folding import folded, width_of
from deployments.service import journal
from flows.decisions import timestamps
from tasks.duration_text import duration
from tasks.redaction.visible import visible

_DEL_AND_C1 = re.compile(r"[\x7f-\x9f]")  # which JSON may have as they are


def say(text: str, level: int = journal.INFO, *, verbatim: bool = False) -> None:
    """Print a line for people; `level` is for systemd's journal.

    On a terminal it is folded at words; not if it is `verbatim`: a command or a file, to be copied.
    """
    _print(visible(text), level, sys.stdout, verbatim=verbatim)


def warning(text: str) -> None:
    """Print a warning, apart from the results."""
    _print(f"warning: {visible(text)}", journal.WARNING, sys.stderr)


def error(text: str, to: TextIO | None = None) -> None:
    """Print an error, apart from the results."""
    _print(f"error: {visible(text)}", journal.ERROR, to or sys.stderr)


def _print(text: str, level: int, stream: TextIO, *, verbatim: bool = False) -> None:
    shown = text if verbatim else folded(text, width_of(stream))
    print(journal.for_stream(shown, level, stream), file=stream, flush=True)


def show_json(value: dict[str, Any]) -> None:
    """Print the command's one JSON object."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    print(_DEL_AND_C1.sub(lambda found: f"\\u{ord(found[0]):04x}", text), flush=True)


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


def side_by_side(texts: Sequence[str]) -> Any:
    """Return short texts, of which rich puts as many into each line as there is room for."""
    from rich.columns import Columns
    from rich.text import Text

    return Columns([Text(visible(text)) for text in texts], padding=(0, 2))


def show(renderable: Any, *, end: str = "\n") -> None:
    """Print something of rich's, and an empty line; without a terminal in full width: no name is cut."""
    from rich.console import Console

    console = Console()
    console.width = console.width if console.is_terminal else 200
    console.print(renderable)
    print(end=end, flush=True)


def seconds(value: float | None) -> str:
    """Given seconds, return them as people read them."""
    return "–" if value is None else duration(value)


def clock(time: datetime | None, zone: ZoneInfo, now: datetime) -> str:
    """Given a time, return its time of day, with the date where that is not today."""
    return "–" if time is None else timestamps.clock(time, zone, now, seconds=True)
