"""The little icon."""

import time

while True:
    time.sleep(1)
