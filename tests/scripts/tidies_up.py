"""Ends properly when it is asked to."""

import signal
import sys
import time

from common import say, wait_for


def tidy(number: int, frame: object) -> None:
    time.sleep(0.2)
    say("tidied")
    sys.exit(0)


signal.signal(signal.SIGTERM, tidy)
say("script")
wait_for()
