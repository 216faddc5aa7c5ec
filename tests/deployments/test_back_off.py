"""How long a dead child is left before it is started again."""

from __future__ import annotations

import pytest

from deployments.child import back_off


@pytest.mark.parametrize(
    ("deaths", "seconds"),
    [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60), (8, 60), (1_000_000, 60), (0, 1)],
)
def test_the_wait_doubles_with_every_death_up_to_a_minute(deaths: int, seconds: float) -> None:
    assert back_off(deaths) == seconds
