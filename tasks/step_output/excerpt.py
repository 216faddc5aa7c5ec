"""What a log takes of a script's output, however much that is: the first lines, the last ones, and errors."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.process.output import not_blank, shortened

# Of the lines that a log takes, those that it takes at once: one in so many.
_AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class Ending:
    """What is to be logged in the end, in the order in which it was printed, and how many lines are not.

    Each line comes with whether it is from standard error.
    """

    lines: tuple[tuple[str, bool], ...]
    left_out: int


class Excerpt:
    """Chooses at most `most` lines: a fifth of them are the first, and the others the last ones.

    Where lines are left out, those of standard error come before others. Blank lines are none.
    """

    def __init__(self, most: int) -> None:
        self._at_once = most // _AT_ONCE
        self._at_the_end = most - self._at_once
        self._count = 0
        # By stream, each line with its number.
        self._last: dict[bool, deque[tuple[int, str]]] = {
            error: deque(maxlen=self._at_the_end) for error in (False, True)
        }

    def add(self, lines: Sequence[str], error: bool) -> list[str]:
        """Take lines of a stream, in order; return those that are to be logged at once."""
        found = not_blank(lines)
        now, later = found[: self._at_once], found[self._at_once :]
        self._at_once -= len(now)
        first = self._count + max(0, len(later) - self._at_the_end)
        self._last[error].extend(enumerate(later[first - self._count :], first))
        self._count += len(later)
        return [shortened(line) for line in now]

    def ending(self) -> Ending:
        """Return what is to be logged in the end."""
        errors = list(self._last[True])
        room = self._at_the_end - len(errors)
        others = list(self._last[False])[-room:] if room else []
        chosen = sorted(
            [(number, line, True) for number, line in errors]
            + [(number, line, False) for number, line in others]
        )
        lines = tuple((shortened(line), error) for _, line, error in chosen)
        return Ending(lines, self._count - len(lines))
