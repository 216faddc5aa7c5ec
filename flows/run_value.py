"""What a run in this process has returned, from memory alone.

A state that comes from the server may declare that its value is in a file, and which: to ask Prefect for it
would unpickle that file, and so run whatever somebody has put there.
"""

from __future__ import annotations

from typing import Any, TypeVar

from prefect import State

T = TypeVar("T")


def run_value(state: State[Any], kind: type[T]) -> T | None:
    """Return the value of the run that ended with `state`; None if this process has not made it."""
    # What names a file instead has no such attribute.
    value = getattr(state.data, "result", None)
    return value if isinstance(value, kind) else None
