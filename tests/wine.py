"""What is tested under Wine, and whether this Windows is Wine's, which lacks much of what a real one has.

`python -m tests.wine` prints the tests that CI runs there. A command takes ten seconds under Wine; they are
those of what asks the operating system: files, processes, services, locks, and a beat from end to end. On a
real Windows, all tests run.
"""

from __future__ import annotations

import sys

CHOSEN = (
    "tests/windows",
    "tests/tasks/files",
    "tests/tasks/process",
    "tests/tasks/readings",
    "tests/tasks/interpreters",
    "tests/tasks/store/test_sqlite.py",
    "tests/tasks/test_step.py",
    "tests/flows/test_lock.py",
    "tests/deployments/daemon",
    "tests/deployments/server/test_child.py",
    "tests/deployments/server/test_instance_lock.py",
    "tests/deployments/server/test_listener.py",
    "tests/deployments/server/test_private_folders.py",
    "tests/deployments/service",
    "tests/deployments/worker/test_rhythm_worker.py",
    "tests/end_to_end/test_beat.py::test_two_beats_at_once_take_turns",
    "tests/end_to_end/test_up.py::test_a_day_with_up",
)


def is_wine() -> bool:
    """Whether it is; not, if this is no Windows at all."""
    if sys.platform != "win32":
        return False
    import ctypes

    return hasattr(ctypes.windll.ntdll, "wine_get_version")


if __name__ == "__main__":
    print(*CHOSEN, sep="\n")
