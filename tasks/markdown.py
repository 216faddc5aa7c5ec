"""Text and tables as Markdown (CommonMark with GitHub's tables)."""

from __future__ import annotations

import re
from collections.abc import Sequence

# What would be read as markup. An underscore inside a word is none, and so stays readable.
_MARKUP = re.compile(r"[\\`*\[\]<>|~&#]|(?<![^\W_])_|_(?![^\W_])")


def escaped(text: str) -> str:
    """Given any text, return Markdown of one line that reads as that text, in a table's cell as well."""
    return _MARKUP.sub(r"\\\g<0>", " ".join(text.split()))


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Given headers and rows of plain text, return a table."""

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |"

    return "\n".join(
        [line([escaped(header) for header in headers]), line(["---"] * len(headers))]
        + [line([escaped(cell) for cell in row]) for row in rows]
    )
