"""One use of Prefect's insides: what it gains, what must be there for it, and what happens without it.

An inside is a name with a leading underscore, or whatever else Prefect does not promise to keep. Each file
of this package holds one use, and describes it by an `Internal`. Nothing private is imported when such a
file is loaded: `Internal.is_used` looks first, and where Prefect has changed, the caller does what plain
Prefect does. `rhythm doctor` lists all of them.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import CodeType
from typing import Any

from prefect import __version__ as prefect_version
from prefect.logging import get_logger

_log: logging.Logger = get_logger(__name__)


class ChangedError(Exception):
    """Something of Prefect's is not as it is needed; the message says what, and how it differs."""


def _never() -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Internal:
    """A use of Prefect's insides; any thread may ask it."""

    name: str
    """What people know it by, in a few words."""
    purpose: str
    """What it does, in a sentence."""
    gain: str
    """What was measured, with its unit."""
    without: str
    """What happens where it is not used."""
    upstream: str
    """The address of the report upstream, or the text of one that nobody has made yet."""
    check: Callable[[], None]
    """Looks whether all that it needs is there. Raises whatever shows that it is not; changes nothing."""
    unneeded: Callable[[], str] = _never
    """Returns why it is of no use with the present settings; "" if it is of use."""

    def fault(self) -> str:
        """Return what has changed in Prefect, so that this cannot be used; "" if nothing has."""
        try:
            self.check()
        except Exception as error:  # noqa: BLE001 - whatever is raised, what is needed is not there
            return str(error) or repr(error)
        return ""

    def is_used(self) -> bool:
        """Return whether it is to be used; warn, once in a process, if Prefect has changed."""
        if self.unneeded():
            return False
        if fault := self.fault():
            _warn(self.name, fault, self.without)
            return False
        return True


@cache
def _warn(name: str, fault: str, without: str) -> None:
    _log.warning("Prefect %s has changed, so %r is not used (%s). %s", prefect_version, name, fault, without)


def must_take(function: Callable[..., Any], *names: str) -> None:
    """Look whether a function or class takes arguments of these names.

    Raises:
        ChangedError: it does not take one of them.
    """
    parameters = inspect.signature(function).parameters
    for name in names:
        if name not in parameters:
            raise ChangedError(f"{_name_of(function)} takes no argument {name!r}")


def must_be_coroutine(function: Callable[..., Any]) -> None:
    """Look whether a function is to be awaited.

    Raises:
        ChangedError: it is not.
    """
    if not inspect.iscoroutinefunction(function):
        raise ChangedError(f"{_name_of(function)} is no coroutine function")


def must_use(function: Callable[..., Any], *names: str) -> None:
    """Look whether the code of a function, or of one within it, names these globals or attributes.

    To replace what nobody looks up any more would change nothing, in silence.

    Raises:
        ChangedError: one of them is not named.
    """
    named = set(_names(inspect.unwrap(function).__code__))
    for name in names:
        if name not in named:
            raise ChangedError(f"{_name_of(function)} does not use {name}")


def _names(code: CodeType) -> list[str]:
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    return [*code.co_names, *(name for each in inner for name in _names(each))]


def _name_of(function: Callable[..., Any]) -> str:
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", repr(function))
    return f"{module}.{name}"
