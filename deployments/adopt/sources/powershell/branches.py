"""`if` and `switch`: one branch where the condition is known, all of them in their turn where it is not."""

from __future__ import annotations

import re

from tree_sitter import Node

from deployments.adopt.sources.powershell import operators
from deployments.adopt.sources.powershell.expressions import single
from deployments.adopt.sources.powershell.state import Leave, ScriptState
from deployments.adopt.sources.powershell.syntax import named, plain
from deployments.adopt.sources.powershell.syntax import text as shown
from deployments.adopt.sources.powershell.values import Thing, Unknown, Value, doubts, text, truth

# What scripts ask before they register: is it there already, may I, is all there? Then they do.
_GUARDS = re.compile(
    r"Get-Scheduled(Task|Job)|ShouldProcess|IsInRole|Test-Path|Get-(Command|Module)|LASTEXITCODE|Read-Host|\$\?",
    re.IGNORECASE,
)


def each(state: ScriptState, node: Node) -> list[Value]:
    """Go through all that a block holds."""
    return [value for child in node.named_children for value in state.execute(child)]


def choose(state: ScriptState, node: Node) -> list[Value]:
    """Go through an `if`: the branches that may be taken."""
    branches: list[tuple[Node | None, Node]] = []
    for part in [
        node,
        *[clause for parts in named(node, "elseif_clauses") for clause in parts.named_children],
    ]:
        conditions = [child for child in part.named_children if child.type != "statement_block"]
        blocks = named(part, "statement_block")
        if conditions and blocks:
            branches.append((conditions[0], blocks[0]))
    branches += [
        (None, block) for part in named(node, "else_clause") for block in named(part, "statement_block")
    ]
    possible: list[Node | None] = []
    unclear = ""
    guard = state.loose  # the switch that decides it is one that nobody has set here
    for condition, block in branches:
        value = True if condition is None else single(state.execute(condition))
        seen = truth(value)
        if seen is not False:
            possible.append(block)
        if seen is True:
            break
        if seen is None and condition is not None:
            unclear = unclear or shown(condition)
            guard = guard or bool(_GUARDS.search(" ".join((shown(condition), *doubts(value)))))
    else:
        possible.append(None)
    if not unclear:
        return each(state, possible[0]) if possible[0] is not None else []
    return either(state, possible, unclear, guard=guard)


def either(
    state: ScriptState, blocks: list[Node | None], condition: str, *, guard: bool = False
) -> list[Value]:
    """Go through branches of which one is taken; what differs between them is in doubt.

    A registration that only one of them makes is in doubt as well, unless the condition is a guard.
    """
    before = [dict(scope) for scope in state.scopes]
    standing = [each for each in state.registered if not each.removed]
    outcomes: list[list[dict[str, Value]]] = []
    made: list[range] = []
    out: list[Value] = []
    for block in blocks:
        first = len(state.registered)
        state.scopes[:] = [dict(scope) for scope in before]
        left = False
        if block is not None:
            try:
                out += each(state, block)
            except Leave:  # a way out that is perhaps not taken
                left = True
        if not left:
            outcomes.append(state.scopes[:])
        made.append(range(first, len(state.registered)))
    doubt = frozenset({condition})
    for registered in standing:
        if registered.removed:
            registered.removed = False
            registered.doubts |= doubt
    if not guard or sum(1 for numbers in made if len(numbers)) > 1:
        for numbers in made:
            for index in numbers:
                state.registered[index].doubts |= doubt
    state.scopes[:] = [
        _merged([outcome[depth] for outcome in outcomes] or [scope], doubt, default=scope)
        for depth, scope in enumerate(before)
    ]
    return out[:1]


def _merged(
    scopes: list[dict[str, Value]], doubt: frozenset[str], default: dict[str, Value]
) -> dict[str, Value]:
    """Return one scope of several that may be; a variable that differs has its first value, in doubt."""
    merged = dict(default)
    for name in dict.fromkeys(name for scope in scopes for name in scope):
        values = [scope[name] for scope in scopes if name in scope]
        first = (
            default.get(name, values[0]) if any(default.get(name) is value for value in values) else values[0]
        )
        same = len(values) == len(scopes) and all(value is first or value == first for value in values)
        merged[name] = first if same else doubted(first, doubt)
    return merged


def doubted(value: Value, doubt: frozenset[str]) -> Value:
    """Return the value, in doubt."""
    if isinstance(value, Thing):
        return Thing(value.kind, value.fields, value.names, value.doubts | doubt)
    if isinstance(value, Unknown):
        return Unknown(value, value.names | doubt, value.guess)
    if isinstance(value, list):
        return [doubted(item, doubt) for item in value]
    return Unknown(text(value), doubt, value)


def switch(state: ScriptState, node: Node) -> list[Value]:
    """Go through a `switch`."""
    conditions = named(node, "switch_condition")
    value = single([one for child in conditions for one in each(state, child)])
    clauses = [
        clause
        for body in named(node, "switch_body")
        for part in body.named_children
        for clause in named(part, "switch_clause")
    ]
    chosen: list[Node | None] = []
    for clause in clauses:
        condition = plain(clause.named_children[0])
        case = state.value(condition) if condition.type != "simple_name" else shown(condition)
        blocks = named(clause, "statement_block")
        default = text(case).lower() == "default" and not chosen
        equal = operators.binary("-eq", value, case, shown(node))
        if blocks and (default or truth(equal) is not False):
            chosen.append(blocks[0])
    if isinstance(value, Unknown) or node.has_error:  # of clauses on one line, the grammar loses some
        return either(state, [*chosen, None], shown(conditions[0]) if conditions else "switch")
    return each(state, chosen[0]) if chosen and chosen[0] is not None else []
