"""Signals: those that were ignored from the start stay ignored."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator

import pytest

from deployments.daemon import signals

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="where nobody inherits ignored signals")


@pytest.fixture
def restored() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("restored")
def test_an_ignored_signal_stays_ignored_and_others_are_handled() -> None:
    heard = []
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    signals.handle(lambda number, frame: heard.append(number), "SIGHUP", "SIGTERM", "SIGBREAK")
    signal.raise_signal(signal.SIGHUP)
    signal.raise_signal(signal.SIGTERM)

    assert heard == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
