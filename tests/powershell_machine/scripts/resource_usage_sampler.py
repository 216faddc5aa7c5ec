"""How much this machine has of what."""

import os
import shutil

from diary import DATA, written_down

with written_down("resource_usage_sampler"):
    free = shutil.disk_usage(DATA).free / 2**30
    print(f"{os.cpu_count()} CPUs, {free:.0f} GB free")
