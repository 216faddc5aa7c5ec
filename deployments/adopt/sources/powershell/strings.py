"""PowerShell's string literals, with what stands in them for variables and expressions."""

from __future__ import annotations

import re

from tree_sitter import Node

from deployments.adopt.sources.powershell.state import ScriptState
from deployments.adopt.sources.powershell.values import Value, joined, text

_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "e": "\x1b",
}


def literal(state: ScriptState, node: Node) -> Value:
    """Return what a string literal comes to."""
    form = node.children[0] if node.type == "string_literal" and node.children else node
    raw = (form.text or b"").decode("utf-8", "replace")
    match form.type:
        case "verbatim_string_characters":
            return raw.strip()[1:-1].replace("''", "'")
        case "verbatim_here_string_characters":
            return re.sub(r"^\s*@'[ \t]*\n|\n?'@\s*$", "", raw)
        case "expandable_here_string_literal":
            return _expanded(state, form, r"^\s*@\"[ \t]*\n", r"\n?\"@\s*$")
        case _:
            return _expanded(state, form, r"^\s*\"", r"\"\s*$")


def unescaped(part: str) -> str:
    """Return a piece of an expandable string, its backquotes and doubled quotes taken for what they mean."""
    return re.sub(r"`(.)|\"\"", _meaning, part, flags=re.DOTALL)


def _meaning(found: re.Match[str]) -> str:
    if found[1] is None:
        return '"'
    return "" if found[1] == "\n" else _ESCAPES.get(found[1], found[1])


def _expanded(state: ScriptState, node: Node, begin: str, end: str) -> str:
    """Return an expandable string with what its variables and expressions come to."""
    raw = node.text or b""
    parts: list[str] = []
    at = 0
    inner = [child for child in node.children if child.type in ("variable", "sub_expression")]
    for child in inner:
        start, stop = child.start_byte - node.start_byte, child.end_byte - node.start_byte
        parts.append(_piece(raw[at:start], begin if not at else "", ""))
        parts.append(text(state.value(child)))
        at = stop
    parts.append(_piece(raw[at:], begin if not at else "", end))
    return joined(parts)


def _piece(raw: bytes, begin: str, end: str) -> str:
    part = raw.decode("utf-8", "replace")
    if begin:
        part = re.sub(begin, "", part)
    if end:
        part = re.sub(end, "", part)
    return unescaped(part)
