"""The root of a tree whose CPU is counted: starts the program that it is given, and reaps all it leaves.

A daemon that forks twice is re-parented to here and not to process 1, so it stays in the tree; and what
has ended is waited for, so its CPU is added to this process's children's. It stays until it is killed, as
that sum would be gone with it. Linux only.
"""

import ctypes
import os
import signal
import subprocess
import sys

PR_SET_CHILD_SUBREAPER = 36

if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
    raise OSError(ctypes.get_errno(), "prctl")
program = subprocess.Popen(sys.argv[1:])  # noqa: S603 - what the bench has named
while True:
    try:
        os.wait()
    except ChildProcessError:
        signal.pause()
