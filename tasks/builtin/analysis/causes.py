"""What a reason comes down to, so that the same one can be counted."""

from __future__ import annotations

import re

# "health_check failed at 02:10", "running since 10:05": the time differs every time.
_CLOCK = re.compile(r",? (?:begun at|at|since) \d\d?:\d\d\b")
# Why a group is deferred has figures that differ every time, and until when at most.
_UNTIL = r"(?:;|,)[^;,]*? at the latest"
_DEFERRED = (
    (rf"others use \d+ % of the CPU; runs below \S+ %{_UNTIL}", "others use too much of the CPU"),
    (rf"[\d.]+ ?\S+ of memory are left; runs once [\d.]+ ?\S+ are{_UNTIL}", "too little memory is left"),
    (rf"usually quieter at [^(]+ \(\d+ %, now \d+ %\){_UNTIL}", "it is usually quieter later"),
    (rf"needs about [^,]+, [^,]+ are left of this beat{_UNTIL}", "too little of the beat is left"),
    (
        rf"needs about [^,]+,(?: more than a beat has,)? and (\S+) (?:has just run|is due at [^;]+){_UNTIL}",
        r"it takes longer than a beat, and \1 goes first",
    ),
)
_PATTERNS = tuple((re.compile(pattern), less) for pattern, less in _DEFERRED)


def cause(reason: str) -> str:
    """Given the reason of a decision, return it without times of the day and figures."""
    for pattern, less in _PATTERNS:
        reason = pattern.sub(less, reason)
    return _CLOCK.sub("", reason)
