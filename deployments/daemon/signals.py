"""Signals that end a command, unless whoever started it has them ignored: under nohup, SIGHUP stays so."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

#: Called with the number of a signal, and the frame that it interrupts.
Handler = Callable[[int, Any], object]


def handle(handler: Handler, *names: str) -> None:
    """Call `handler` at these signals from now on; not at those that this system does not have.

    One that was ignored when this process was started stays ignored, as POSIX has it of a shell: nohup
    ignores SIGHUP so that a program outlives its terminal, and `&` in a script SIGINT.
    """
    for name in names:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)
