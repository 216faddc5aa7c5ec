"""Reads a script from its first statement to its last, and notes what it would register."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress

from tree_sitter import Node

from deployments.adopt.job import Origin
from deployments.adopt.sources.powershell import expressions, operators, statements
from deployments.adopt.sources.powershell.binding import bind, splatted
from deployments.adopt.sources.powershell.commands import COMMANDS
from deployments.adopt.sources.powershell.native import expanded
from deployments.adopt.sources.powershell.state import DEEPEST_CALL, Call, Command, Given, Leave, ScriptState
from deployments.adopt.sources.powershell.syntax import line, named, parse, plain
from deployments.adopt.sources.powershell.syntax import text as shown
from deployments.adopt.sources.powershell.values import Thing, Unknown, Value, items, joined, text

# Commands of these verbs put nothing out that a registration would use.
_SILENT = re.compile(
    r"(write|out|start|stop|set|remove|unregister|add|clear|import|export|enable|disable|push|pop)-.*"
)


class Interpreter(ScriptState):
    """The state of a script, with all that a script can do about it."""

    def __init__(
        self, origin: Origin, commands: Mapping[str, Command] = COMMANDS, *, loose: bool = False
    ) -> None:
        super().__init__(origin, loose=loose)
        self._commands = commands
        folder = str(origin.folder) if origin.folder else None
        root = folder if folder else Unknown("$PSScriptRoot")
        itself = (
            f"{folder}/{origin.name.replace(chr(92), '/').rsplit('/', 1)[-1]}"
            if folder
            else Unknown("$PSCommandPath")
        )
        command = Thing("command", {"path": itself, "definition": itself, "source": itself})
        self.scopes[0] |= {
            "psscriptroot": root,
            "pscommandpath": itself,
            "myinvocation": Thing("invocation", {"mycommand": command, "scriptname": itself}),
            "args": [],
            "errors": [],
        }
        self._depth = 0

    def read(self, root: Node) -> None:
        """Go through a whole script.

        Raises:
            TooLong: it does more than is worth following.
        """
        for parameters in named(root, "param_block"):
            self._bind_script(parameters)
        with suppress(Leave):
            self.execute(root)
        if self.loose:
            for name in [name for name in self.functions if name not in self.called]:
                with suppress(Leave):
                    self._call_function(name, [])

    def value(self, node: Node) -> Value:
        """Return what an expression comes to."""
        return expressions.evaluate(self, node)

    def execute(self, node: Node) -> list[Value]:
        """Go through a statement; return what it puts out."""
        return statements.execute(self, node)

    def block(self, node: Node, given: Sequence[Given], variables: Mapping[str, Value]) -> list[Value]:
        """Go through a function's or script block's body in a scope of its own."""
        if self._depth >= DEEPEST_CALL:
            return []
        self._depth += 1
        self.scopes.append(dict(variables))
        try:
            return self._body(node, given)
        except Leave as leave:
            if leave.how != "return":
                raise
            return leave.values
        finally:
            self.scopes.pop()
            self._depth -= 1

    def command(self, node: Node, given: Sequence[Value] | None) -> list[Value]:
        """Call a command: one that is known, one of the script's functions, or nothing at all."""
        self.step()
        operator = named(node, "command_invokation_operator")
        called = next((child for child in node.children if child.type.startswith("command_name")), None)
        if called is None:
            return []
        inner = plain(called)
        target = shown(inner) if inner.type == "command_name" else self.value(inner)
        elements = named(node, "command_elements")
        words = self._words(elements[0]) if elements else []
        if isinstance(target, Thing) and target.kind == "block":
            return self.block(target.get("node"), words, {})
        if not operator and inner.type == "command_name" and re.fullmatch(r"\d+\.\.\d+", shown(inner)):
            first, last = shown(inner).split("..")
            return items(operators.binary("..", float(first), float(last), shown(inner)))
        name = text(target).lower()
        call = Call(
            name,
            words,
            given,
            raw=shown(elements[0]) if elements else "",
            line=line(node),
            shown=" ".join(shown(node).split())[:100],
        )
        if name in self.functions:
            return self._call_function(name, words, given)
        short = re.sub(r"^.*[\\/]", "", name)
        known = self._commands.get(short) or self._commands.get(short.removesuffix(".exe"))
        if known:
            return known(self, call)
        if _SILENT.fullmatch(name):
            return []
        return [Unknown(call.shown)]

    def _call_function(
        self, name: str, words: Sequence[Given], piped: Sequence[Value] | None = None
    ) -> list[Value]:
        self.called.add(name)
        variables = {"_": piped[0]} if piped else {}
        return self.block(self.functions[name], words, variables)

    def _body(self, node: Node, given: Sequence[Given]) -> list[Value]:
        """Bind what a body is given to its parameters, and go through it."""
        declared = [
            each
            for part in named(node, "function_parameter_declaration")
            for each in named(part, "parameter_list")
        ]
        blocks = named(node, "script_block")
        holders = [node, *blocks]
        for holder in holders:
            declared += [
                each for part in named(holder, "param_block") for each in named(part, "parameter_list")
            ]
        self._bind([each for part in declared for each in named(part, "script_parameter")], given)
        return [value for block in blocks for value in self.execute(block)]

    def _bind(self, parameters: list[Node], given: Sequence[Given]) -> None:
        names = {_parameter(each): each for each in parameters}
        switches = [name for name, each in names.items() if _is_switch(each)]
        others = [name for name in names if name not in switches]
        bound = bind(given, others, switches, others)
        for name, each in names.items():
            if name in bound:
                self.assign(name, bound[name])
            elif defaults := named(each, "script_parameter_default"):
                self.assign(name, self.value(defaults[0].named_children[-1]))
            elif self.loose and not given:
                self.assign(name, Unknown(f"${name}"))
            else:
                self.assign(name, False if name in switches else None)
        self.assign("args", bound.get("", []))

    def _bind_script(self, block: Node) -> None:
        """What a script's own parameters are when it is started without any."""
        for each in [
            each for part in named(block, "parameter_list") for each in named(part, "script_parameter")
        ]:
            name = _parameter(each)
            written = shown(named(each, "variable")[0]) if named(each, "variable") else name
            if defaults := named(each, "script_parameter_default"):
                self.assign(name, self.value(defaults[0].named_children[-1]))
            elif _is_switch(each) and not self.loose:
                self.assign(name, False)
            else:
                self.assign(name, Unknown(written))

    def _words(self, elements: Node) -> list[Given]:
        """Return what a command is given, word by word; words without a space between them are one."""
        groups: list[list[Node]] = [[]]
        for child in elements.children:
            if child.type == "command_argument_sep":
                if shown(child) != ":":  # -Switch:$false is one word
                    groups.append([])
            elif child.type != "redirections":
                groups[-1].append(child)
        found: list[Given] = []
        for group in groups:
            if group and group[0].type == "command_parameter":
                written = shown(group[0]).lstrip("-–").rstrip(":")
                found.append(Given(written, self._word(group[1:]), has_value=len(group) > 1))
            elif len(group) == 1 and shown(group[0]).startswith("@") and plain(group[0]).type == "variable":
                found += splatted(self.value(plain(group[0])))
            elif group:
                found.append(Given(None, self._word(group)))
        return _with_lists(found)

    def _word(self, group: list[Node]) -> Value:
        if len(group) == 1:
            return self._piece(group[0])
        written = "".join((node.text or b"").decode("utf-8", "replace") for node in group)
        if re.match(r"(\(.*\)|\$\w+)[.\[]", written, re.DOTALL):  # (Get-Date).Date.AddHours(3)
            return expressions.single(self.execute(parse(written)))
        return joined([text(self._piece(node)) for node in group])

    def _piece(self, node: Node) -> Value:
        node = plain(node)
        if node.type == "generic_token":
            written = expanded(self, shown(node))
            return written if isinstance(written, Unknown) else written.replace("`", "")
        return self.value(node) if not node.is_error else shown(node)


def _with_lists(words: list[Given]) -> list[Given]:
    """Join words that a comma makes one list: `Monday, Friday`."""
    found: list[Given] = []
    for word in words:
        last = found[-1] if found else None
        comma = isinstance(word.value, str) and word.value.startswith(",")
        if (
            last
            and last.parameter is None
            and word.parameter is None
            and (comma or _ends_in_comma(last.value))
        ):
            found[-1] = Given(None, [*_parts(last.value), *_parts(word.value)])
        else:
            found.append(word)
    return found


def _ends_in_comma(value: Value) -> bool:
    last = value[-1] if isinstance(value, list) and value else value
    return isinstance(last, str) and last.endswith(",") and len(last) > 1


def _parts(value: Value) -> list[Value]:
    parts = items(value)
    return [
        part.strip(",") if isinstance(part, str) and not isinstance(part, Unknown) else part for part in parts
    ]


def _parameter(node: Node) -> str:
    variables = named(node, "variable")
    return shown(variables[0]).lstrip("$").strip("{}").lower() if variables else ""


def _is_switch(node: Node) -> bool:
    return any("switch" in shown(each).lower() for each in named(node, "attribute_list"))
