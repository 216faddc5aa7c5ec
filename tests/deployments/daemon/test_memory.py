"""What the process holds of the system's memory."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Threads that hold something at the same time, and then glibc's own word on its arenas.
_THREADS = """
import ctypes, sys, threading
from deployments.daemon.memory import give_back
if sys.argv[1] == "give back":
    give_back()
together = threading.Barrier(8)
def hold():
    held = [bytes(1000) for _ in range(1000)]
    together.wait()
threads = [threading.Thread(target=hold) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc = ctypes.CDLL(None)
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has no such arenas")
@pytest.mark.parametrize(("what", "arenas"), [("give back", {1}), ("nothing", set(range(2, 10)))])
def test_all_threads_share_one_arena(what: str, arenas: set[int]) -> None:
    said = subprocess.run(  # noqa: S603 - the words above
        [sys.executable, "-c", _THREADS, what], capture_output=True, text=True, check=True, timeout=60
    ).stdout

    assert said.count("<heap nr=") in arenas
