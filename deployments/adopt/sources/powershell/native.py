"""What PowerShell hands to a program that is no command of its own, such as schtasks.exe."""

from __future__ import annotations

import re

from tree_sitter import Node

from deployments.adopt.sources.powershell.state import ScriptState
from deployments.adopt.sources.powershell.strings import literal
from deployments.adopt.sources.powershell.syntax import parse
from deployments.adopt.sources.powershell.values import items, joined, text

# One piece of a word: '…', "…" (in which people write \" for a quote, as cmd has it), `x, a variable
# or anything else. No two alternatives begin alike, so that nothing is tried twice.
_PIECE = re.compile(
    r"""(?P<space>(?:\s|`\n)+)|'(?P<verbatim>(?:[^']|'')*)'|"(?P<text>(?:[^"\\`]|\\"|\\|`.|"")*)"|`(?P<escape>.)"""
    r"""|(?P<splat>@\w+)|(?P<variable>\$(?:\{[^}]*\}|\([^()]*\)|\w+(?::\w+)?))|(?P<bare>[^\s'"`$@]+|.)""",
    re.DOTALL,
)


def words(state: ScriptState, raw: str) -> list[str]:
    """Given the text after a program's name, return the program's words; unknown ones are `Unknown`."""
    found: list[str] = []
    word: list[str] | None = None
    for piece in _PIECE.finditer(raw):
        kind = piece.lastgroup
        if kind == "space":
            if word is not None:
                found.append(joined(word))
            word = None
            continue
        if kind == "splat" and word is None:
            found += [text(item) for item in items(state.variable(piece["splat"][1:].lower()))]
            continue
        word = [] if word is None else word
        match kind:
            case "verbatim":
                word.append(piece["verbatim"].replace("''", "'").replace('\\"', '"'))
            case "text":
                word.append(expanded(state, piece["text"].replace('\\"', '""')))
            case "escape":
                word.append(piece["escape"])
            case "variable":
                word.append(expanded(state, piece["variable"]))
            case _:
                word.append(piece[0])
    if word is not None:
        found.append(joined(word))
    return found


def expanded(state: ScriptState, inner: str) -> str:
    """Given what stands between double quotes, return what it comes to."""
    if "$" not in inner and "`" not in inner and '""' not in inner:
        return inner
    waiting: list[Node] = [parse(f'"{inner}"')]
    while waiting:
        node = waiting.pop()
        if node.type == "string_literal":
            return text(literal(state, node))
        waiting += reversed(node.children)
    return inner
