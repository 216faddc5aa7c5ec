"""Runs each of the scripts it is given once an hour, one at a time; at SIGUSR1, all are due.

The first argument names a file that is made when it is ready.
"""

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

ready, *paths = sys.argv[1:]
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})  # before there are threads, which inherit it
scheduler = BackgroundScheduler(
    timezone=UTC,
    executors={"default": ThreadPoolExecutor(1)},
    # By default, a job that has waited for the worker for more than a second is not run at all.
    job_defaults={"misfire_grace_time": None},
)
for path in paths:
    scheduler.add_job(subprocess.run, "interval", hours=1, args=[[sys.executable, path]], id=path)
scheduler.start()
Path(ready).touch()
while True:
    signal.sigwait({signal.SIGUSR1})
    for path in paths:
        scheduler.modify_job(path, next_run_time=datetime.now(UTC))
