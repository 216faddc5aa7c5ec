"""From the words that a command is given to its parameters, as PowerShell binds them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from deployments.adopt.sources.powershell.state import Given
from deployments.adopt.sources.powershell.values import Thing, Value

# What every command takes.
_COMMON = (
    *("erroraction", "warningaction", "informationaction", "errorvariable", "warningvariable", "outvariable"),
    *("outbuffer", "pipelinevariable", "ea", "wa", "ev", "ov"),
)
_COMMON_SWITCHES = ("verbose", "debug", "whatif", "confirm")


def bind(
    given: Iterable[Given],
    parameters: Sequence[str],
    switches: Sequence[str] = (),
    positional: Sequence[str] | None = None,
) -> dict[str, Value]:
    """Return what each parameter is given, by its name in lower case.

    Names may be shortened while they are those of one parameter. `positional` are the parameters that
    words without a name fill, in order; those that are left over stand under "".
    """
    named = [name.lower() for name in parameters]
    flags = [name.lower() for name in switches]
    order = list(named if positional is None else (name.lower() for name in positional))
    bound: dict[str, Value] = {}
    rest: list[Value] = []
    words = list(given)
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word.parameter is None:
            rest.append(word.value)
            continue
        name = _meant(word.parameter.lower(), [*named, *flags])
        flag = name in flags or name in _COMMON_SWITCHES
        if word.has_value:
            bound[name] = word.value
        elif flag:
            bound[name] = True
        elif at < len(words) and words[at].parameter is None:
            bound[name] = words[at].value
            at += 1
        else:
            bound[name] = True
    free = [name for name in order if name not in bound]
    bound |= dict(zip(free, rest, strict=False))
    if len(rest) > len(free):
        bound[""] = rest[len(free) :]
    return bound


def _meant(written: str, known: Sequence[str]) -> str:
    """Return the parameter that a name, perhaps shortened, means; itself if none."""
    if written in known:
        return written
    every = [*known, *_COMMON, *_COMMON_SWITCHES]
    return next((name for name in every if name.startswith(written)), written)


def splatted(table: Value) -> list[Given]:
    """Return what `@table` gives a command: a table's entries by name, a list's by position."""
    if isinstance(table, Thing):
        return [Given(table.names.get(name, name), value) for name, value in table.fields.items()]
    return [Given(None, value) for value in (table if isinstance(table, list) else [table])]
