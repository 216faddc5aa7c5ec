"""From PowerShell's text to its tree. The grammar goes on after what it does not understand."""

from __future__ import annotations

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

_LANGUAGE = Language(tree_sitter_powershell.language())

# The grammar wraps each value in one node a level of precedence; one with a single child says nothing.
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


def parse(text: str) -> Node:
    """Given a script's text, return its tree; it is one for any text."""
    # Windows' line ends would become part of some words.
    return Parser(_LANGUAGE).parse(text.replace("\r\n", "\n").encode("utf-8", "replace")).root_node


def text(node: Node) -> str:
    """Return the text that a node stands for."""
    return (node.text or b"").decode("utf-8", "replace").strip()


def plain(node: Node) -> Node:
    """Return the node without levels that say nothing."""
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
