"""A script's parameters, as its `param` block declares them.

Both readers, that of the grammar and PowerShell's own, give the block's attributes as they are written;
what they mean is decided here (about_Functions_Advanced_Parameters, and Compiler.cs of PowerShell).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Literal

#: Text, a whole number or a Boolean; None for what only running the script would reveal.
Value = str | int | bool | None
Kind = Literal["switch", "bool", "text", "other"]

_KINDS: dict[str, Kind] = {
    "string": "text",
    "string[]": "text",
    "object": "text",
    "bool": "bool",
    "boolean": "bool",
    "switch": "switch",
    "switchparameter": "switch",
}
# Attributes that neither change a value nor what the script takes; what others do is not known.
_HARMLESS = frozenset(
    {
        *("alias", "argumentcompleter", "argumentcompletions", "obsolete", "parameter", "psdefaultvalue"),
        *("allowemptycollection", "allowemptystring", "allownull", "supportswildcards"),
        *("validatecount", "validatedrive", "validatelength", "validatenotnull", "validatenotnullorempty"),
        *("validatenotnullorwhitespace", "validatepattern", "validaterange", "validatescript"),
        *("validateset", "validateuserdrive"),
    }
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute as it is written: `[Name(values, key = value)]`. A name alone is a key that is true."""

    name: str
    values: tuple[Value, ...] = ()
    named: dict[str, Value] = field(default_factory=dict)

    @property
    def is_a(self) -> str:
        """Its name in lower case, without what may be left out."""
        return _short(self.name).removesuffix("attribute")

    def get(self, key: str, default: Value) -> Value:
        """Return what is given for a key (in lower case); None if it cannot be known."""
        return next((value for name, value in self.named.items() if name.lower() == key), default)


@dataclass(frozen=True, slots=True)
class Declared:
    """A parameter as it is written: its attributes, and its types from left to right."""

    name: str
    attributes: tuple[Attribute, ...] = ()
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Membership:
    """What a parameter is in one parameter set; `name` is empty for all sets."""

    name: str = ""
    mandatory: bool = False
    position: int | None = None
    takes_the_rest: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter. `choices` are the values that it takes; None if any, or if they cannot be known."""

    name: str
    kind: Kind = "other"
    aliases: tuple[str, ...] = ()
    memberships: tuple[Membership, ...] = (Membership(),)
    choices: tuple[str, ...] | None = None
    exact_case: bool = False
    """Whether the choices are compared with upper and lower case."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its name and its aliases."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Parameters:
    """All that a script takes. An `advanced` script refuses what it does not know."""

    declared: tuple[Parameter, ...] = ()
    advanced: bool = False
    common: tuple[Parameter, ...] = ()
    """What every advanced script takes as well."""

    @property
    def has_sets(self) -> bool:
        """Whether some parameters exclude others: which ones hold, the words decide."""
        return any(membership.name for one in self.declared for membership in one.memberships)


def parameters(attributes: Sequence[Attribute], declared: Sequence[Declared]) -> Parameters | None:
    """Given a block's attributes and parameters, return what they mean; None if that cannot be known."""
    try:
        return _parameters(attributes, declared)
    except _UnclearError:
        return None


class _UnclearError(Exception):
    """What the text leaves open, and the binding depends on."""


def _parameters(attributes: Sequence[Attribute], declared: Sequence[Declared]) -> Parameters:
    every = [attribute for one in declared for attribute in one.attributes]
    if any(attribute.is_a == "experimental" for attribute in (*attributes, *every)):
        raise _UnclearError
    written = [attribute for attribute in attributes if attribute.is_a == "cmdletbinding"]
    binding = written[0] if written else Attribute("CmdletBinding")
    found = [_parameter(one) for one in declared]
    if bool(_constant(binding, "positionalbinding", True)) and not _has_own_positions(found):
        found = _numbered(found)
    advanced = bool(written) or any(attribute.is_a == "parameter" for attribute in every)
    return Parameters(tuple(found), advanced, tuple(_common(binding)) if advanced else ())


def _parameter(one: Declared) -> Parameter:
    aliases = [
        value for attribute in one.attributes if attribute.is_a == "alias" for value in attribute.values
    ]
    if None in aliases:
        raise _UnclearError
    memberships = tuple(
        _membership(attribute) for attribute in one.attributes if attribute.is_a == "parameter"
    )
    kind = _kind(one)
    choices, exact_case = _choices(one) if kind == "text" else (None, False)
    return Parameter(
        one.name, kind, tuple(map(str, aliases)), memberships or (Membership(),), choices, exact_case
    )


def _choices(one: Declared) -> tuple[tuple[str, ...] | None, bool]:
    """Return the values of a [ValidateSet()], if they are known, and whether their case counts."""
    sets = [attribute for attribute in one.attributes if attribute.is_a == "validateset"]
    if len(sets) != 1 or None in sets[0].values or sets[0].get("ignorecase", True) is None:
        return None, False
    return tuple(map(str, sets[0].values)), not sets[0].get("ignorecase", True)


def _kind(one: Declared) -> Kind:
    """Return how a parameter takes a value: "other" if that is not known, as with an own attribute."""
    kinds = [_KINDS.get(_short(name), "other") for name in one.types] or ["text"]
    if kinds[-1] == "switch":
        return "switch"  # which has no position, whatever else is said of it
    is_clear = len(kinds) == 1 and all(attribute.is_a in _HARMLESS for attribute in one.attributes)
    return kinds[0] if is_clear else "other"


def _membership(attribute: Attribute) -> Membership:
    """Return what one [Parameter()] declares. __AllParameterSets is PowerShell's own name for no set."""
    name = str(_constant(attribute, "parametersetname", ""))
    position = _constant(attribute, "position", None)
    if position is not None and (not isinstance(position, int) or position < 0):
        raise _UnclearError
    return Membership(
        "" if name.lower() == "__allparametersets" else name,
        bool(_constant(attribute, "mandatory", False)),
        position,
        bool(_constant(attribute, "valuefromremainingarguments", False)),
    )


#: No attribute has this value.
_MISSING = "\0"


def _constant(attribute: Attribute, key: str, default: Value) -> Value:
    """Return what is given for a key."""
    value = attribute.get(key, _MISSING)
    if value is None:
        raise _UnclearError
    return default if value is _MISSING else value


def _has_own_positions(found: Iterable[Parameter]) -> bool:
    """Whether a parameter names its position, or a set: then none has a position by its place."""
    every = [membership for one in found for membership in one.memberships]
    return any(membership.position is not None or membership.name for membership in every)


def _numbered(found: Sequence[Parameter]) -> list[Parameter]:
    """Give each parameter that is no switch the position of its place."""
    counter = count()
    return [
        one
        if one.kind == "switch"
        else replace(one, memberships=(_at(one, next(counter)), *one.memberships[1:]))
        for one in found
    ]


def _at(one: Parameter, position: int) -> Membership:
    return replace(one.memberships[0], position=position)


def _common(binding: Attribute) -> Iterator[Parameter]:
    """Yield what PowerShell adds to an advanced script (about_CommonParameters, of 7.4 and later)."""
    yield from _COMMON
    for key, added in _ADDED.items():
        if _constant(binding, key, False):
            yield from added


def _short(name: str) -> str:
    """Return the name of a type or attribute in lower case, without namespaces that may be left out."""
    name = "".join(name.lower().split())
    return name.removeprefix("system.").removeprefix("management.automation.")


def _switch(name: str, *aliases: str) -> Parameter:
    return Parameter(name, "switch", aliases)


def _other(name: str, *aliases: str) -> Parameter:
    return Parameter(name, "other", aliases)


_COMMON = (
    _switch("Verbose", "vb"),
    _switch("Debug", "db"),
    _other("ErrorAction", "ea"),
    _other("WarningAction", "wa"),
    _other("InformationAction", "infa"),
    _other("ProgressAction", "proga"),
    _other("ErrorVariable", "ev"),
    _other("WarningVariable", "wv"),
    _other("InformationVariable", "iv"),
    _other("OutVariable", "ov"),
    _other("OutBuffer", "ob"),
    _other("PipelineVariable", "pv"),
)
# By the key of [CmdletBinding()] that adds them.
_ADDED = {
    "supportsshouldprocess": (_switch("WhatIf", "wi"), _switch("Confirm", "cf")),
    "supportspaging": (_switch("IncludeTotalCount"), _other("Skip"), _other("First")),
    "supportstransactions": (_switch("UseTransaction", "usetx"),),
}
