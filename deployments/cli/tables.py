"""Tables that fit the terminal: no line is wider than it, and no word is broken that would fit.

What is short (times, outcomes) stands whole, names are cut with an ellipsis, and texts are folded at words.
Where a text would become too narrow beside the rest, it stands beneath its row instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.text import Text

from tasks.redaction.visible import visible

#: Cells between two columns, and before what stands beneath a row.
_GAP, _INDENT = 2, 2
#: A text that is longer has at least so many cells, or stands beneath its row.
_LEAST_TEXT = 28
#: A name that is longer has at least so many cells beside a text, ...
_NAME_BESIDE_TEXT = 24
#: ... and with fewer than these, it has those of a column that may be left out.
_LEAST_NAME = 16

_COLOURS = {"completed": "green", "failed": "red", "degraded": "yellow"}


class Kind(Enum):
    """What a column holds, and what happens to it where the terminal is too narrow."""

    VALUE = "stands whole"
    NAME = "is cut, with an ellipsis"
    TEXT = "is folded at words"


@dataclass(frozen=True, slots=True)
class Column:
    """A column. One that is `spare` is left out before names become too short."""

    head: str
    kind: Kind = Kind.VALUE
    spare: bool = False


class Layout(NamedTuple):
    """Where columns stand, by their numbers: the widths of those in a row, and those beneath it, in order."""

    widths: dict[int, int]
    beneath: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table, which rich prints in the width that there is. `cut`: texts have one line, with an ellipsis."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    cut: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Any]:
        """Yield its lines."""
        rows = [[visible(cell).replace("\t", " ").strip() for cell in row] for row in self.rows]
        if self.cut:
            rows = [[" ".join(cell.split()) for cell in row] for row in rows]
        place = layout(self.columns, rows, options.max_width, cut=self.cut)
        heads = [column.head if number in place.widths else "" for number, column in enumerate(self.columns)]
        if any(heads):
            yield from self._lines(console, heads, Layout(place.widths, ()), "bold")
            yield Text(("-" if options.ascii_only else "─") * _total(place.widths))
        for row in rows:
            yield from self._lines(console, row, place)
            for number in place.beneath:
                if row[number]:
                    # One of several needs its name, which a single one has from what it says.
                    head = f"{self.columns[number].head}: " if len(place.beneath) > 1 else ""
                    text = head + row[number]
                    for line in self._cell(console, text, Kind.TEXT, options.max_width - _INDENT):
                        line.rstrip()
                        yield Text(" " * _INDENT).append_text(line)

    def _lines(self, console: Console, row: Sequence[str], place: Layout, style: str = "") -> Iterator[Text]:
        """Yield a row's lines: as many as its highest cell has."""
        cells = {
            number: self._cell(console, row[number], self.columns[number].kind, width)
            for number, width in place.widths.items()
        }
        for index in range(max(map(len, cells.values()), default=0)):
            line = Text(style=style)
            for number, cell in cells.items():
                text = cell[index] if index < len(cell) else Text()
                line.append_text(text).pad_right(max(0, place.widths[number] - text.cell_len) + _GAP)
            line.rstrip()
            yield line

    def _cell(self, console: Console, text: str, kind: Kind, width: int) -> Sequence[Text]:
        """Return the lines of one cell."""
        made = Text(text, style=_COLOURS.get(text.split(" ", 1)[0], ""))
        if kind is Kind.TEXT and not self.cut:
            return list(made.wrap(console, width, overflow="fold"))
        made.truncate(width, overflow="ellipsis")
        return [made]


def layout(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int, *, cut: bool = False
) -> Layout:
    """Return where the columns stand in `width` cells, given all cells. Pure.

    A column that is empty in every row is left out. Texts go beneath their rows first, the last one before
    the others; then a spare column is left out; then names are cut, the longest of them most.
    """
    natural = {
        number: max(map(_widest_line, [column.head, *(row[number] for row in rows)]))
        for number, column in enumerate(columns)
        if not rows or any(row[number] for row in rows)
    }
    least = dict(natural)
    texts = [number for number in natural if columns[number].kind is Kind.TEXT]
    for number in texts:
        longest = 0 if cut else max((_longest_word(row[number]) for row in rows), default=0)
        least[number] = max(min(natural[number], _LEAST_TEXT), longest, cell_len(columns[number].head))
    names = [number for number in natural if columns[number].kind is Kind.NAME]
    freed = sum(max(0, natural[name] - _NAME_BESIDE_TEXT) for name in names)
    beneath: list[int] = []
    while texts and _total(least) - freed > width:
        del least[texts[-1]]
        beneath.insert(0, texts.pop())
    for number in [number for number in least if columns[number].spare]:
        room = width - _total(least) + sum(least[name] for name in names)
        if _total(least) > width and room < _LEAST_NAME * len(names):
            del least[number]
    if names:
        needed = _total(least) - width
        wanted = _total(least | {text: natural[text] for text in texts}) - width
        freed = sum(max(0, natural[name] - max(_NAME_BESIDE_TEXT, width // 3)) for name in names)
        if (excess := max(needed, min(wanted, freed if texts else 0))) > 0:
            room = sum(least[name] for name in names) - excess
            least |= _shared({name: least[name] for name in names}, room)
    room = width - _total(least) + sum(least[text] for text in texts)
    if texts:
        shares = _shared({text: natural[text] for text in texts}, room)
        wanting = {text: share for text, share in shares.items() if share < least[text]}
        if wanting:  # one that has its least width leaves the others what remains
            rest = room - sum(least[text] for text in wanting)
            others = {text: natural[text] for text in texts if text not in wanting}
            shares = _shared(others, rest) | {text: least[text] for text in wanting}
        least |= shares
    return Layout(least, tuple(beneath))


def _shared(wanted: dict[int, int], room: int) -> dict[int, int]:
    """Return what each gets of so many cells: what it wants, or as much as all that want more; at least 1."""
    given: dict[int, int] = {}
    for number, most in sorted(wanted.items(), key=lambda item: item[1]):
        given[number] = max(1, min(most, room // (len(wanted) - len(given))))
        room -= given[number]
    return given


def _total(widths: dict[int, int]) -> int:
    return sum(widths.values()) + _GAP * max(0, len(widths) - 1)


def _widest_line(text: str) -> int:
    return max(map(cell_len, text.split("\n")))


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)
