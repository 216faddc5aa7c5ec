"""What PowerShell would refuse of the arguments that a script is given.

It follows ReparseUnboundArguments, BindNamedParameters and BindPositionalParameters of PowerShell's
parameter binder. That stops at the first error; here all of them are named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from deployments.script_check.fault import Fault
from deployments.script_check.file_arguments import DASHES, Argument
from deployments.script_check.parameters import Parameter, Parameters


def faults(parameters: Parameters, arguments: Sequence[Argument]) -> list[Fault]:
    """Return what is wrong with the arguments; nothing where parameter sets leave that open."""
    names = [argument.name for argument in arguments if argument.name is not None]
    if any(not name.strip(DASHES + "?") for name in names):
        return []  # `-?` asks for help, and a dash without a name has no rule
    if ambiguous := [_ambiguous(name, found) for name in names if len(found := _meant(name, parameters)) > 1]:
        return ambiguous
    binding = _Binding(parameters)
    binding.bind(arguments)
    return binding.faults


def _meant(name: str, parameters: Parameters) -> list[Parameter]:
    """Return the parameters that a name, perhaps shortened, can mean: one, if it is right.

    PowerShell takes a second dash for part of none. Of two, it prefers the script's own to a common one.
    """
    written = (name[1:] if name[0] in DASHES else name).lower()
    every = (*parameters.declared, *parameters.common)
    if exact := [one for one in every if any(known.lower() == written for known in one.names)]:
        return exact[:1]
    found = [one for one in every if any(known.lower().startswith(written) for known in one.names)]
    own = [one for one in found if one in parameters.declared]
    return own if len(own) == 1 else found


class _Binding:
    """One script's parameters, and what they are given."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._bound: set[str] = set()
        self._free: list[Argument] = []  # without a name, or with one that the script does not have
        self.faults: list[Fault] = []

    def bind(self, arguments: Sequence[Argument]) -> None:
        """Bind by name, then by position; then see what is left over, and what is missing."""
        self._by_name(arguments)
        words = list(_positional(self._free))
        places = self._places()
        taken = min(len(places), len(words))
        if not self._parameters.has_sets:
            for (_, parameter), word in zip(places, words, strict=False):
                self._give(parameter, word)
        if self._parameters.advanced and not self._rest():
            self._left_over(words[taken:])
        if not any(fault.fatal for fault in self.faults):  # what is missing may be what is misspelt
            self._missing(words, places)

    def _by_name(self, arguments: Sequence[Argument]) -> None:
        waiting = list(arguments)
        while waiting:
            argument = waiting.pop(0)
            parameter = self._parameter(argument)
            if parameter is None:
                self._free.append(argument)
            elif argument.value is not None:
                self._name(parameter, argument.value)
            elif parameter.kind == "switch":
                self._name(parameter, True)
            elif not waiting or self._begins_anew(waiting[0]):
                self._bound.add(parameter.name)
                self._fault(f"-{parameter.name} has no value", f"Write -{parameter.name} VALUE.")
            else:
                following = waiting.pop(0)
                self._name(parameter, following.text if following.value is None else following.value)

    def _parameter(self, argument: Argument) -> Parameter | None:
        """Return the parameter that an argument names, if it names one of the script's."""
        found = _meant(argument.name, self._parameters) if argument.name is not None else []
        return found[0] if found else None

    def _begins_anew(self, argument: Argument) -> bool:
        """Whether an argument cannot be the value of the one before: -5 can, if no parameter is named so."""
        if argument.name is None:
            return False
        return argument.value is not None or self._parameter(argument) is not None

    def _name(self, parameter: Parameter, value: str | bool) -> None:
        if parameter.name in self._bound:
            self._fault(f"-{parameter.name} is given twice", "Leave one of them out.")
        self._give(parameter, value)

    def _give(self, parameter: Parameter, value: str | bool) -> None:
        self._bound.add(parameter.name)
        if parameter.kind == "switch" and not isinstance(value, bool):
            name = f"-{parameter.name}"
            self._fault(f"{name} is a switch and takes no '{value}'", f"Write {name} or {name}:$false.")
        elif parameter.kind == "bool" and not isinstance(value, bool):
            name = f"-{parameter.name}"
            self._fault(
                f"{name} is a Boolean and takes no '{value}'", f"Write {name}:$true or {name}:$false."
            )
        elif parameter.choices is not None and not _is_one_of(str(value), parameter):
            choices = ", ".join(parameter.choices)
            self._fault(f"-{parameter.name} does not take '{value}'", f"Write one of: {choices}.")

    def _places(self) -> list[tuple[int, Parameter]]:
        """Return the positions that words may fill, in order."""
        return sorted(
            (
                (membership.position, one)
                for one in self._parameters.declared
                if one.name not in self._bound
                for membership in one.memberships
                if membership.position is not None and not membership.takes_the_rest
            ),
            key=lambda place: place[0],
        )

    def _rest(self) -> list[Parameter]:
        """Return the parameters that take all that is left over."""
        return [
            one
            for one in self._parameters.declared
            if one.name not in self._bound
            and any(membership.takes_the_rest for membership in one.memberships)
        ]

    def _left_over(self, words: Sequence[str]) -> None:
        known = [one.name for one in self._parameters.declared]
        for argument in self._free:
            if argument.name is not None:
                self._fault(
                    f"no such parameter: {argument.text}", _did_you_mean(argument.name, known), fatal=True
                )
        for word in words:
            self._fault(f"no parameter takes '{word}'", "Name its parameter, or leave it out.")

    def _missing(self, words: Sequence[str], places: Sequence[tuple[int, Parameter]]) -> None:
        is_clear = not self._parameters.has_sets
        is_left = any(argument.name is not None for argument in self._free) or len(words) > len(places)
        may_be_left = is_left if is_clear else bool(self._free)
        rest = {one.name for one in self._rest()} if may_be_left else set()
        open_to_words = {one.name for _, one in places} if words and not is_clear else set()
        for one in self._parameters.declared:
            if one.name in self._bound | rest | open_to_words:
                continue
            if all(each.mandatory and not each.name for each in one.memberships):
                self._fault(f"-{one.name} is missing, and mandatory", f"Add -{one.name} VALUE.", fatal=True)

    def _fault(self, text: str, remedy: str, *, fatal: bool = False) -> None:
        self.faults.append(Fault(text, remedy, fatal=fatal))


def _positional(free: Sequence[Argument]) -> Iterator[str]:
    """Yield the words without a name. One behind a name that the script does not have belongs to that."""
    after_name = False
    for argument in free:
        if argument.name is None and not after_name:
            yield str(argument.value)
        after_name = argument.name is not None


def _is_one_of(value: str, parameter: Parameter) -> bool:
    choices = parameter.choices or ()
    if parameter.exact_case:
        return value in choices
    return value.lower() in (choice.lower() for choice in choices)


def _ambiguous(name: str, found: Sequence[Parameter]) -> Fault:
    meant = " and ".join(f"-{one.name}" for one in found)
    return Fault(f"-{name} is short for {meant}", "Write the whole name.")


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return what to write instead of a name that the script does not have."""
    written = {one.lower(): one for one in known}
    if close := get_close_matches(name.lower(), written, n=1):
        return f"Did you mean -{written[close[0]]}?"
    return (
        f"The script has {', '.join(f'-{one}' for one in known)}."
        if known
        else "The script has no parameters."
    )
