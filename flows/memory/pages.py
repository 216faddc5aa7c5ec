"""All of what Prefect's API returns a page at a time: at most 200, and says nothing of the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

#: The most that Prefect's API returns at once, and what it returns when nothing is said.
PAGE = 200

T = TypeVar("T")


def pages(read: Callable[[int], Sequence[T]]) -> Iterator[T]:
    """Yield everything that `read` returns, page after page, given the offset."""
    offset = 0
    while page := read(offset):
        yield from page
        if len(page) < PAGE:
            return
        offset += PAGE


async def every(read: Callable[[int], Awaitable[Sequence[T]]]) -> list[T]:
    """Return everything that `read` returns, page after page, given the offset. It must ask in one order."""
    found: list[T] = []
    while page := await read(len(found)):
        found += page
        if len(page) < PAGE:
            break
    return found
