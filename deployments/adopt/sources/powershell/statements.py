"""PowerShell's statements, in the order in which a script goes through them."""

from __future__ import annotations

import re
from collections.abc import Callable

from tree_sitter import Node

from deployments.adopt.sources.powershell import branches, operators
from deployments.adopt.sources.powershell.branches import doubted, each
from deployments.adopt.sources.powershell.expressions import evaluate, single
from deployments.adopt.sources.powershell.state import Leave, ScriptState
from deployments.adopt.sources.powershell.syntax import named, plain
from deployments.adopt.sources.powershell.syntax import text as shown
from deployments.adopt.sources.powershell.values import Thing, Unknown, Value, items, number, text, truth

_MOST_ROUNDS = 10_000


def execute(state: ScriptState, node: Node) -> list[Value]:
    """Go through a statement; return what it puts out."""
    state.step()
    handler = _HANDLERS.get(node.type)
    if handler:
        return handler(state, node)
    node = plain(node)
    handler = _HANDLERS.get(node.type)
    if handler:
        return handler(state, node)
    if not node.is_named or node.type in _SILENT:
        return []
    value = evaluate(state, node)
    return [] if value is None else [value]


def _pipeline(state: ScriptState, node: Node) -> list[Value]:
    """Stages with | between them; also `a && b`, which both are gone through."""
    given: list[Value] | None = None
    for child in node.children:
        stage = plain(child)
        if not child.is_named or stage.type == "redirections":
            continue
        given = state.command(stage, given) if stage.type == "command" else execute(state, stage)
    return given or []


def _assignment(state: ScriptState, node: Node) -> list[Value]:
    target = plain(node.children[0])
    while target.type in ("left_assignment_expression", "cast_expression"):
        target = plain(target.named_children[-1])
    operator = shown(node.children[1]) if len(node.children) > 2 else "="
    value = single(execute(state, node.children[-1]))
    if operator in ("+=", "-=", "*=", "/="):
        value = operators.binary(operator[0], evaluate(state, target), value, shown(node))
    _assign(state, target, value)
    return []


def _assign(state: ScriptState, target: Node, value: Value) -> None:
    match target.type:
        case "variable":
            written = shown(target).lstrip("$").strip("{}").lower()
            name = re.sub(r"^(script|global|local|private):", "", written)
            state.assign(name, value, everywhere=written.startswith(("script:", "global:")))
        case "member_access":
            names = named(target, "member_name")
            for thing in items(evaluate(state, target.children[0])):
                if isinstance(thing, Thing) and names:
                    thing.set(shown(names[0]), value)
        case "element_access":
            thing, index = evaluate(state, target.children[0]), evaluate(state, target.named_children[-1])
            place = number(index)
            if isinstance(thing, Thing):
                thing.set(text(index), value)
            elif isinstance(thing, list) and place is not None and -len(thing) <= place < len(thing):
                thing[int(place)] = value
        case "array_literal_expression":
            for each, part in zip(target.named_children, items(value), strict=False):
                _assign(state, plain(each), part)


def _foreach(state: ScriptState, node: Node) -> list[Value]:
    parts = [child for child in node.named_children if child.type != "foreach_parameter"]
    variable, source, block = parts[0], parts[1], parts[-1]
    over = single(execute(state, source))
    name = shown(variable).lstrip("$").lower()
    if isinstance(over, Unknown):
        return _loop(state, block, [(name, doubted(Unknown(shown(variable), over.names), over.names))])
    return _loop(state, block, [(name, item) for item in items(over)])


def _loop(state: ScriptState, block: Node, rounds: list[tuple[str, Value]]) -> list[Value]:
    out: list[Value] = []
    for name, item in rounds[:_MOST_ROUNDS]:
        if name:
            state.assign(name, item)
        try:
            out += each(state, block)
        except Leave as leave:
            if leave.how == "break":
                break
            if leave.how != "continue":
                raise
    return out


def _for(state: ScriptState, node: Node) -> list[Value]:
    parts = {child.type: child for child in node.named_children}
    block = parts.get("statement_block")
    out: list[Value] = []
    if "for_initializer" in parts:
        each(state, parts["for_initializer"])
    for turn in range(_MOST_ROUNDS):
        seen = truth(single(each(state, parts["for_condition"]))) if "for_condition" in parts else True
        if seen is False or block is None or (seen is None and turn):
            break
        out += _loop(state, block, [("", None)])
        if "for_iterator" in parts:
            each(state, parts["for_iterator"])
    return out


def _increment(state: ScriptState, node: Node) -> list[Value]:
    target = plain(node.named_children[0])
    by = -1.0 if "--" in shown(node) else 1.0
    _assign(state, target, operators.binary("+", evaluate(state, target) or 0.0, by, shown(node)))
    return []


def _leave(state: ScriptState, node: Node) -> list[Value]:
    values = [value for child in node.named_children for value in execute(state, child)]
    raise Leave(shown(node.children[0]).lower(), values)


def _function(state: ScriptState, node: Node) -> list[Value]:
    if names := named(node, "function_name"):
        state.functions[shown(names[0]).lower().split(":")[-1]] = node
    return []


_SILENT = frozenset({"comment", "empty_statement", "param_block", "ERROR", "redirections", "class_statement"})
_HANDLERS: dict[str, Callable[[ScriptState, Node], list[Value]]] = {
    **dict.fromkeys(
        ("program", "statement_list", "statement_block", "script_block", "script_block_body"), each
    ),
    **dict.fromkeys(("try_statement", "finally_clause", "named_block", "named_block_list"), each),
    **dict.fromkeys(("catch_clauses", "trap_statement", "class_statement"), lambda state, node: []),
    "pipeline": lambda state, node: each(state, node),
    "pipeline_chain": _pipeline,
    "command": lambda state, node: state.command(node, None),
    "assignment_expression": _assignment,
    "if_statement": branches.choose,
    "foreach_statement": _foreach,
    "for_statement": _for,
    **dict.fromkeys(
        ("while_statement", "do_statement"), lambda state, node: _loop(state, node, [("", None)])
    ),
    "switch_statement": branches.switch,
    "function_statement": _function,
    "flow_control_statement": _leave,
    **dict.fromkeys(
        ("post_increment_expression", "pre_increment_expression", "post_decrement_expression"), _increment
    ),
    "pre_decrement_expression": _increment,
}
