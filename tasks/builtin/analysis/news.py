"""Which spikes are worth an alert: not those that belong to the last one, nor what has become ordinary."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

#: After an alert there is none for so long: the next spikes belong to the same trouble. It counts from the
#: alert and not from the last spike, or one spike after the other would silence a real incident for days.
REST = timedelta(hours=18)
#: What has caused an alert so many times …
ENOUGH = 3
#: … within so long is known; only what is stronger still is news. It is a day less than a week, so that what
#: comes once a week is news each time.
WITHIN = timedelta(days=6)
#: An alert was as strong as a spike if the spike is less than so many times as strong.
ALIKE = 1.2


class News:
    """Takes spikes in order, and chooses those that are news."""

    def __init__(self, *, rest: timedelta = REST, enough: int = ENOUGH, within: timedelta = WITHIN) -> None:
        self._rest, self._enough, self._within = rest, enough, within
        self._alerts: deque[tuple[datetime, float]] = deque()

    def is_news(self, at: datetime, strength: float) -> bool:
        """Return whether a spike is worth an alert, and remember it if so. `strength` has any unit."""
        while self._alerts and at - self._alerts[0][0] >= self._within:
            self._alerts.popleft()
        if self._alerts and at - self._alerts[-1][0] < self._rest:
            return False
        if sum(strength <= ALIKE * earlier for _, earlier in self._alerts) >= self._enough:
            return False
        self._alerts.append((at, strength))
        return True
