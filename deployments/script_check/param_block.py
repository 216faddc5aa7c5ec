"""Reads a script's `param` block by the grammar, without PowerShell."""

from __future__ import annotations

import re

from tree_sitter import Node

from deployments.adopt.sources.powershell import syntax
from deployments.script_check.parameters import Attribute, Declared, Parameters, Value, parameters

_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[^`]*)\}|(?P<plain>[\w:?]+))")
_INTEGER = re.compile(r"-?\d+")


def read(block: str) -> Parameters | None:
    """Given a script's `param` block with its attributes, return what it takes; None if unknown."""
    if not block:
        return Parameters()
    root = syntax.parse(f"{block}\n")  # without an end of line, an empty block is none to the grammar
    faults = [fault for fault in syntax.faults(root) if fault.type != ";"]  # of the script behind the block
    blocks = syntax.named(root, "param_block")
    if faults or len(blocks) != 1:
        return None
    attributes, _ = _attributes(blocks[0])
    lists = syntax.named(blocks[0], "parameter_list")
    declared = [_declared(node) for one in lists for node in syntax.named(one, "script_parameter")]
    known = [one for one in declared if one is not None]
    return parameters(attributes, known) if len(known) == len(declared) else None


def _declared(node: Node) -> Declared | None:
    variable = next((_VARIABLE.fullmatch(syntax.text(one)) for one in syntax.named(node, "variable")), None)
    if variable is None:
        return None
    attributes, types = _attributes(node)
    return Declared(variable["braced"] or variable["plain"], tuple(attributes), tuple(types))


def _attributes(node: Node) -> tuple[list[Attribute], list[str]]:
    """Return the attributes that stand before a block or a parameter, and the types."""
    attributes, types = [], []
    for one in (child for part in syntax.named(node, "attribute_list") for child in part.children):
        if literals := syntax.named(one, "type_literal"):
            types.append(syntax.text(literals[0])[1:-1])
        elif names := syntax.named(one, "attribute_name"):
            attributes.append(_attribute(syntax.text(names[0]), one))
    return attributes, types


def _attribute(name: str, node: Node) -> Attribute:
    values: list[Value] = []
    named: dict[str, Value] = {}
    for part in syntax.named(node, "attribute_arguments"):
        for argument in syntax.named(part, "attribute_argument"):
            keys = syntax.named(argument, "simple_name")
            given = [child for child in argument.children if child.type not in ("simple_name", "=")]
            value = _value(given[0]) if len(given) == 1 else None
            if keys:
                named[syntax.text(keys[0])] = value if given else True
            else:
                values.append(value)
    return Attribute(name, tuple(values), named)


def _value(node: Node) -> Value:
    """Return a constant; None for anything else."""
    node = syntax.plain(node)
    written = syntax.text(node)
    if node.type == "string_literal":
        quote, inner = written[0], written[1:-1]
        if quote == "'":
            return inner.replace("''", "'")
        return inner if quote == '"' and not re.search(r'[$`"]', inner) else None
    if written.lower() in ("$true", "$false"):
        return written.lower() == "$true"
    return int(written) if _INTEGER.fullmatch(written) else None
