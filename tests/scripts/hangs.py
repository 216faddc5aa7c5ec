"""Starts a child and hangs, as does the child. Words: deaf, detached (the child gets loose), bare.

A bare child has no environment, so only its parent shows whose it is.
"""

import os

from common import WORDS, be_deaf, say, start, wait_for

options = {"env": {}} if "bare" in WORDS else {}
if "deaf" in WORDS:
    be_deaf()
if "detached" in WORDS:
    if os.fork() == 0:
        os.setsid()
        start("sleeps.py", *WORDS, "grandchild", **options)
        os._exit(0)
    os.wait()
else:
    start("sleeps.py", *WORDS, "grandchild", **options)
say("script")
wait_for()
