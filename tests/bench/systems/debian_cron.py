"""Debian's cron, with 42 lines that are due in the same minute.

Its tables' places are compiled in. In a mount namespace of its own, folders of the bench lie over them,
so that the machine's tables are neither read nor touched, and its lock does not collide with ours.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass

from tests.bench.system import LeftOutError, Place

_LEAD = 5.0  # seconds at least from the start of the daemon to the minute in which all are due
# Over /etc/cron.d the table, over the others nothing; /run has the lock, and a note that @reboot was done.
_PRIVATE = """set -e
mount --bind cron.d /etc/cron.d
mount --bind spool /var/spool/cron/crontabs
mount --bind crontab /etc/crontab
mount --bind run /run
exec "$0" -f
"""


@dataclass
class DebianCron:
    """A daemon in the foreground."""

    place: Place
    period: float | None = 60.0

    def prepare(self) -> None:
        self._daemon = shutil.which("cron", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if not self._daemon or not shutil.which("unshare"):
            raise LeftOutError("not installed: apt-get install cron")
        if os.geteuid():
            raise LeftOutError("needs root: cron reads only the machine's own tables")
        self.place.workload.write()
        for name in ("cron.d", "spool", "run"):
            (self.place.folder / name).mkdir()
        (self.place.folder / "crontab").touch()

    def start(self) -> float:
        due = (time.time() + _LEAD) // 60 * 60 + 60
        at = time.localtime(due)
        lines = [
            f"{at.tm_min} {at.tm_hour} {at.tm_mday} {at.tm_mon} * root {' '.join(argv)}"
            for argv in self.place.workload.argvs
        ]
        table = self.place.folder / "cron.d" / "bench"
        table.write_text("\n".join(['MAILTO=""', *lines, ""]), encoding="utf-8")
        table.chmod(0o600)  # cron does not trust one that others may write
        assert self._daemon
        self.place.start(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", _PRIVATE, self._daemon]
        )
        wait = due - time.time()
        moment = time.monotonic() + wait
        time.sleep(wait)
        return moment

    def is_over(self) -> bool:
        return False

    def beat(self) -> float | None:
        return None
