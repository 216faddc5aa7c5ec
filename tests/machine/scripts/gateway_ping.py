"""Asks the chat gateway for a sign of life."""

from diary import written_down

with written_down("gateway_ping"):
    print("gateway ping: nothing to report")
