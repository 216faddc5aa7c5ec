"""Answers the request to end by starting another deaf child, and stays."""

import signal

from common import say, start, wait_for


def defy(number: int, frame: object) -> None:
    start("sleeps.py", "deaf", "defiant")


signal.signal(signal.SIGTERM, defy)
say("script")
wait_for()
