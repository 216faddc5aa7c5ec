"""What PowerShell's expressions come to: literals, variables, tables, operators, properties, methods."""

from __future__ import annotations

import re
from datetime import timedelta

from tree_sitter import Node

from deployments.adopt.sources.powershell import com, members, operators
from deployments.adopt.sources.powershell.state import ScriptState
from deployments.adopt.sources.powershell.strings import literal
from deployments.adopt.sources.powershell.syntax import line, named, plain
from deployments.adopt.sources.powershell.syntax import text as shown
from deployments.adopt.sources.powershell.values import (
    MOST,
    DateTime,
    Thing,
    Unknown,
    Value,
    date_time,
    doubts,
    number,
    span,
    text,
)

_OPERATIONS = frozenset(
    {
        *("additive_expression", "multiplicative_expression", "comparison_expression", "logical_expression"),
        *("bitwise_expression", "format_expression", "range_expression", "additive_argument_expression"),
        *(
            "multiplicative_argument_expression",
            "comparison_argument_expression",
            "logical_argument_expression",
        ),
        *("bitwise_argument_expression", "format_argument_expression", "range_argument_expression"),
    }
)
_SIZES = {"kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40}


def evaluate(state: ScriptState, node: Node) -> Value:
    """Return what an expression comes to; what cannot be known is `Unknown`, named by its own text."""
    state.step()
    node = plain(node)
    kind = node.type
    if kind in _OPERATIONS:
        return _operation(state, node)
    match kind:
        case "string_literal" | "expandable_string_literal" | "verbatim_string_characters":
            return literal(state, node)
        case "variable":
            return _variable(state, shown(node))
        case "decimal_integer_literal" | "hexadecimal_integer_literal" | "real_literal":
            return _number(shown(node))
        case "array_literal_expression":
            return [evaluate(state, child) for child in node.named_children]
        case "parenthesized_expression" | "sub_expression":
            return _first(state, node)
        case "array_expression":
            inner = [value for child in node.named_children for value in state.execute(child)]
            return inner[0] if len(inner) == 1 and isinstance(inner[0], list) else inner
        case "hash_literal_expression":
            return _table(state, node)
        case "expression_with_unary_operator":
            return operators.unary(shown(node.children[0]), evaluate(state, node.children[-1]), shown(node))
        case "cast_expression":
            return _cast(state, node)
        case "member_access":
            return _member(state, node)
        case "element_access":
            return _element(state, node)
        case "invokation_expression":
            return _method(state, node)
        case "type_literal":
            return Thing("type", {"name": shown(node).strip("[]").strip()})
        case "script_block_expression":
            return Thing("block", {"node": node})
        case "command" | "pipeline_chain" | "assignment_expression" | "if_statement" | "pipeline":
            return single(state.execute(node))
        case "post_increment_expression" | "pre_increment_expression" | "post_decrement_expression":
            state.execute(node)
            return None
        case "generic_token" | "simple_name":
            return shown(node)
        case _:
            return Unknown(shown(node))


def single(values: list[Value]) -> Value:
    """Return what statements put out as one value: none, the only one, or a list."""
    return values[0] if len(values) == 1 else (values or None)


def _first(state: ScriptState, node: Node) -> Value:
    return single([value for child in node.named_children for value in state.execute(child)])


def _variable(state: ScriptState, written: str) -> Value:
    name = written.lstrip("$@").strip("{}").lower()
    name = re.sub(r"^(script|global|local|private|using):", "", name)
    if name in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[name]
    if name in ("env:systemroot", "env:windir"):
        return r"C:\Windows"
    if name in ("_", "psitem"):
        return state.variable("_")
    found = state.variable(name)
    return Unknown(written) if isinstance(found, Unknown) and found == f"${name}" else found


def _number(written: str) -> Value:
    written = written.lower()
    size = _SIZES.get(written[-2:], 1)
    body = written[:-2] if size > 1 else written.rstrip("ld")
    try:
        value = int(body, 16) if body.startswith("0x") else float(body)
    except ValueError:
        return Unknown(written)
    return float(value) * size if value < MOST else Unknown(written)


def _operation(state: ScriptState, node: Node) -> Value:
    """A chain of operators of one precedence, from the left."""
    result: Value = None
    operator = ""
    for child in node.children:
        if child.is_named and not child.type.endswith("_operator"):
            right = evaluate(state, child)
            result = operators.binary(operator, result, right, shown(node)) if operator else right
        else:
            operator = shown(child)
    return result


def _table(state: ScriptState, node: Node) -> Thing:
    table = Thing("table")
    for body in named(node, "hash_literal_body"):
        for entry in named(body, "hash_entry"):
            parts = entry.named_children
            if len(parts) < 2:
                continue
            key = plain(parts[0])
            written = (
                shown(key) if key.type in ("simple_name", "key_expression") else text(evaluate(state, key))
            )
            table.set(written, single(state.execute(parts[-1])))
    return table


def _cast(state: ScriptState, node: Node) -> Value:
    kind = shown(node.children[0]).strip("[]").lower().removeprefix("system.")
    value = evaluate(state, node.children[-1])
    if kind == "void":
        return None
    if kind in ("datetime", "timespan"):
        found: DateTime | timedelta | None = (date_time if kind == "datetime" else span)(value)
        return Unknown(shown(node), doubts(value)) if found is None else found
    if kind in ("int", "int32", "int64", "long", "double", "uint32"):
        amount = number(value)
        return value if amount is None or isinstance(value, Unknown) else float(int(amount))
    if kind == "string":
        return text(value)
    if kind in ("array", "object[]", "string[]") and not isinstance(value, list):
        return [value]
    return value


def _member(state: ScriptState, node: Node) -> Value:
    return members.member(evaluate(state, node.children[0]), _name(state, node), shown(node))


def _method(state: ScriptState, node: Node) -> Value:
    target = evaluate(state, node.children[0])
    lists = [
        each for part in named(node, "argument_list") for each in named(part, "argument_expression_list")
    ]
    given = [evaluate(state, child) for part in lists for child in part.named_children]
    name = _name(state, node)
    if isinstance(target, Thing) and target.kind.startswith("com."):
        return com.method(state, target, name.lower(), given, shown(node), line(node))
    return members.method(target, name, given, shown(node))


def _name(state: ScriptState, node: Node) -> str:
    names = named(node, "member_name")
    inner = plain(names[0]) if names else node
    return shown(inner) if inner.type == "simple_name" else text(evaluate(state, inner))


def _element(state: ScriptState, node: Node) -> Value:
    target = evaluate(state, node.children[0])
    index = evaluate(state, node.named_children[-1])
    place = number(index)
    if isinstance(target, Thing) and target.kind.startswith("com.") and target.get("made"):
        target = target.get("made")
        place = place - 1 if place is not None else None  # COM counts from 1
    if isinstance(target, Thing) and not isinstance(index, Unknown):
        return target.get(text(index))
    if isinstance(target, list | str) and not isinstance(target, Unknown) and place is not None:
        return target[int(place)] if -len(target) <= place < len(target) else None
    if place == 0 and not isinstance(target, Unknown):
        return target
    return Unknown(shown(node), doubts(target) | doubts(index))
