"""Windows' job objects: a program and all its descendants, ended together, also when we are killed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

import psutil
import pywintypes
import win32api
import win32con
import win32job
import win32process

# Not in pywin32: the program waits at its first instruction until it is resumed.
_SUSPENDED = 0x4
_CLASSES = {
    "critical": win32process.ABOVE_NORMAL_PRIORITY_CLASS,
    "normal": win32process.NORMAL_PRIORITY_CLASS,
    "low": win32process.BELOW_NORMAL_PRIORITY_CLASS,
}
#: What the exit code of a program is that we end.
_ENDED = 1
_TICKS = 10_000_000  # a second has so many


class JobObject:
    """One program and all that it starts. They end when the last handle of the job is closed: with us.

    The program is started suspended and resumed in the job, so that nothing it starts can be outside.
    Jobs nest (since Windows 8): inner ones end with the outer. What is started with
    CREATE_BREAKAWAY_FROM_JOB leaves it.
    """

    ended_cpu_seconds: ClassVar[float] = 0.0
    """What has been used in all jobs that this process has closed."""

    def __init__(self, popen: dict[str, Any], priority: str, memory: int | None = None) -> None:
        self.popen = popen | {"creationflags": popen["creationflags"] | _SUSPENDED}
        self._class = _CLASSES[priority]
        self._memory = memory
        self._job: Any = win32job.CreateJobObject(None, "")  # type: ignore[func-returns-value]  # it does
        self._limit(win32job.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | win32job.JOB_OBJECT_LIMIT_BREAKAWAY_OK)

    def take(self, pid: int) -> None:
        """Put the suspended program into the job, and let it go on.

        Raises:
            OSError: Windows does not let us. Then the program is ended.
        """
        rights = win32con.PROCESS_SET_QUOTA | win32con.PROCESS_TERMINATE
        try:
            process = win32api.OpenProcess(rights, False, pid)
            try:
                win32job.AssignProcessToJobObject(self._job, process)
            except pywintypes.error:
                win32api.TerminateProcess(process, _ENDED)
                raise
            taken = psutil.Process(pid)
            taken.nice(self._class)
            taken.resume()
        except (pywintypes.error, psutil.Error) as error:
            raise OSError(f"cannot be put into a job object ({error})") from None

    def end(self) -> None:
        """Kill all of it at once."""
        win32job.TerminateJobObject(self._job, _ENDED)

    def let_go(self) -> None:
        """Let what is left keep running, also when we end."""
        self._limit(win32job.JOB_OBJECT_LIMIT_BREAKAWAY_OK)

    def close(self) -> None:
        """Close the job; what is left in it ends, unless it was let go."""
        with suppress(pywintypes.error):
            JobObject.ended_cpu_seconds += self.cpu_seconds()
        self._job.Close()

    def cpu_seconds(self) -> float:
        """Return what all of it has used, also what has ended."""
        found = win32job.QueryInformationJobObject(self._job, win32job.JobObjectBasicAccountingInformation)
        return float(found["TotalUserTime"] + found["TotalKernelTime"]) / _TICKS

    def _limit(self, flags: int) -> None:
        kind = win32job.JobObjectExtendedLimitInformation
        limits = win32job.QueryInformationJobObject(self._job, kind)
        if self._memory is not None:  # committed, by all of it together
            flags |= win32job.JOB_OBJECT_LIMIT_JOB_MEMORY
            limits["JobMemoryLimit"] = self._memory
        limits["BasicLimitInformation"]["LimitFlags"] = flags
        win32job.SetInformationJobObject(self._job, kind, limits)
