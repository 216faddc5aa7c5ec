"""What is known while a script is read: its variables, its functions, and what it has registered so far."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tree_sitter import Node

from deployments.adopt.job import Origin
from deployments.adopt.sources.powershell.values import Thing, Unknown, Value

#: More is not read of one script: a loop that never ends must not be followed forever.
MOST_STEPS = 200_000
#: Functions that call themselves are followed so deep.
DEEPEST_CALL = 20


class TooLong(Exception):  # noqa: N818 - no error of the script's, but the end of our patience
    """The script does more than is worth following."""


class Leave(Exception):  # noqa: N818 - how `return`, `break`, `continue` and `exit` leave, no error
    """The script leaves a function, a loop, or itself; a `return` with what it puts out."""

    def __init__(self, how: str, values: list[Value]) -> None:
        super().__init__(how)
        self.how = how
        self.values = values


@dataclass(slots=True)
class Registration:
    """A task as the script registers it: its name with folders, its definition, and where it does so."""

    name: Value
    definition: Thing
    line: int
    enabled: bool = True
    removed: bool = False
    doubts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Given:
    """One word that a command is given: a parameter's name, a value, or both (-Force:$true)."""

    parameter: str | None = None
    value: Value = None
    has_value: bool = True


@dataclass(slots=True)
class Call:
    """A command that is called: its name in lower case, what it is given, and how that is written."""

    name: str
    given: list[Given] = field(default_factory=list)
    piped: Sequence[Value] | None = None
    raw: str = ""
    line: int = 0
    shown: str = ""


class ScriptState(ABC):
    """A script on its way. `loose` takes switches and values that nobody set for unknown, not for unset."""

    def __init__(self, origin: Origin, *, loose: bool = False) -> None:
        self.origin = origin
        self.loose = loose
        self.scopes: list[dict[str, Value]] = [{}]
        self.functions: dict[str, Node] = {}
        self.called: set[str] = set()
        self.registered: list[Registration] = []
        self._steps = 0

    @abstractmethod
    def value(self, node: Node) -> Value:
        """Return what an expression comes to."""

    @abstractmethod
    def execute(self, node: Node) -> list[Value]:
        """Go through statements; return what they put out."""

    @abstractmethod
    def block(self, node: Node, given: Sequence[Given], variables: Mapping[str, Value]) -> list[Value]:
        """Go through a function's or script block's body in a scope of its own."""

    @abstractmethod
    def command(self, node: Node, given: Sequence[Value] | None) -> list[Value]:
        """Call a command with what the pipeline gives it."""

    def step(self) -> None:
        """Count a step.

        Raises:
            TooLong: there have been too many.
        """
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise TooLong

    def register(self, name: str, definition: Thing, line: int) -> None:
        """Note that a task is registered."""
        self.registered.append(Registration(name, definition, line))

    def variable(self, name: str) -> Value:
        """Return a variable; unknown if nothing has set it."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return Unknown(f"${name}")

    def assign(self, name: str, value: Value, *, everywhere: bool = False) -> None:
        """Set a variable, in this scope or in the script's."""
        self.scopes[0 if everywhere else -1][name] = value


#: What a command does: from the state and its call to what it puts out.
Command = Callable[[ScriptState, Call], list[Value]]
