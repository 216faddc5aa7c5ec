"""Waits for calls from outside."""

import time

while True:
    time.sleep(60)
