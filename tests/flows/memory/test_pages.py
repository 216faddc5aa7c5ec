"""All pages are read, and no more."""

from __future__ import annotations

import pytest

from flows.memory.pages import PAGE, every, pages


@pytest.mark.parametrize(("count", "asked"), [(0, 1), (1, 1), (199, 1), (200, 2), (201, 2), (1000, 6)])
async def test_everything_is_read_a_page_at_a_time(count: int, asked: int) -> None:
    offsets: list[int] = []

    def read(offset: int) -> list[int]:
        offsets.append(offset)
        return list(range(count))[offset : offset + PAGE]

    async def read_later(offset: int) -> list[int]:
        return read(offset)

    assert list(pages(read)) == list(range(count))
    assert offsets == [PAGE * number for number in range(asked)]
    assert await every(read_later) == list(range(count))
    assert offsets == [PAGE * number for number in range(asked)] * 2
