"""From PowerShell's text to its tree. The grammar goes on after what it does not understand."""

from __future__ import annotations

import re

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

_PARSER = Parser(Language(tree_sitter_powershell.language()))

# The grammar wraps each value in one node a level of precedence; one with a single child adds nothing.
_LEVELS = frozenset(
    {
        *("pipeline", "pipeline_chain", "logical_expression", "bitwise_expression", "comparison_expression"),
        *("additive_expression", "multiplicative_expression", "format_expression", "range_expression"),
        *("array_literal_expression", "unary_expression", "statement_list", "expression_with_unary_operator"),
        *("logical_argument_expression", "bitwise_argument_expression", "comparison_argument_expression"),
        *("additive_argument_expression", "multiplicative_argument_expression", "argument_expression"),
        *("format_argument_expression", "range_argument_expression", "script_block_body", "key_expression"),
        *(
            "member_name",
            "path_command_name",
            "command_name_expr",
            "integer_literal",
            "switch_clause_condition",
        ),
    }
)


# What PowerShell takes and the grammar does not: letters of other languages in a variable's name …
_FOREIGN = re.compile(r"\$(?=\w*[^\W\x00-\x7f])(\w+)")
# … and a blank after the comma between words without quotes, which registrations have between days.
_DAYS = re.compile(r"\b(\w{3,6}day)[ \t]*,[ \t]+(?=\w{3,6}day\b)", re.IGNORECASE)


def parse(text: str) -> Node:
    """Given a script's text, return its tree, without comments; it is one for any text."""
    # Windows' line ends would become part of some words.
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # PowerShell ends a line at each of them
    text = _DAYS.sub(r"\1,", _FOREIGN.sub(r"${\1}", text))
    source = text.encode("utf-8", "replace")
    root = _PARSER.parse(source).root_node
    for change in (_without_comments, _joined):
        if (changed := change(source, root)) != source:
            source, root = changed, _PARSER.parse(changed).root_node
    return root


def _without_comments(source: bytes, root: Node) -> bytes:
    """Blank comments out: they stand in the tree wherever one is written, also between two operands."""
    bare = bytearray(source)
    for node in _below(root):
        if node.type == "comment":
            comment = source[node.start_byte : node.end_byte]
            bare[node.start_byte : node.end_byte] = re.sub(rb"[^\n]", b" ", comment)
    return bytes(bare)


def _joined(source: bytes, root: Node) -> bytes:
    """Move line ends before an `else` behind it: after `$x = if …` they end the statement in the grammar."""
    pieces: list[bytes] = []
    at = 0
    for node in _below(root):
        word = node.text or b""
        if node.type == "command_name" and word.lower() in (b"else", b"elseif"):
            before = source[at : node.start_byte].rstrip()
            pieces += [before, b" ", word, source[at + len(before) : node.start_byte]]
            at = node.end_byte
    return b"".join([*pieces, source[at:]])


def _below(root: Node) -> list[Node]:
    """Return a node and all that is below it, in the order of the text."""
    found: list[Node] = []
    waiting = [root]
    while waiting:
        found.append(node := waiting.pop())
        waiting += reversed(node.children)
    return found


def text(node: Node) -> str:
    """Return the text that a node stands for."""
    return (node.text or b"").decode("utf-8", "replace").strip()


def plain(node: Node) -> Node:
    """Return the node without levels that add nothing."""
    while node.type in _LEVELS and node.child_count == 1:
        node = node.children[0]
    return node


def line(node: Node) -> int:
    """Return the line that a node begins in, from 1."""
    return node.start_point[0] + 1


def named(node: Node, *types: str) -> list[Node]:
    """Return a node's children of these types."""
    return [child for child in node.children if child.type in types]


def faults(root: Node) -> list[Node]:
    """Return the outermost places that the grammar does not understand."""
    found: list[Node] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            found.append(node)
        elif node.has_error:
            waiting += reversed(node.children)
    return found
