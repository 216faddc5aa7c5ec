"""Prefect's worker as a child process."""

from __future__ import annotations

import os
import socket

from deployments.child import Child
from deployments.pool import POOL, POOL_TYPE
from deployments.server import PREFECT
from tasks import settings as config
from tasks.settings import PROJECT, Settings


def worker(settings: Settings) -> Child:
    """Return the worker, not yet started. Its beats read the same rhythm.toml as this process."""
    env = {**os.environ, config.CONFIG_VARIABLE: str(config.config_path())}
    return Child(
        name="worker",
        argv=[
            *PREFECT,
            "worker",
            "start",
            "--pool",
            POOL,
            "--type",
            POOL_TYPE,
            "--name",
            f"rhythm up on {socket.gethostname()}",
        ],
        cwd=PROJECT,
        env=env,
        outputs_dir=settings.outputs_dir,
    )
