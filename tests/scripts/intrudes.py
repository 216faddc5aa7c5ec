"""Becomes another account, and says what that can do with a folder and all below it: list, read, lock.

Words: the folder.
"""

import fcntl
import json
import os
import sys
from contextlib import suppress
from pathlib import Path

NOBODY = 65534

folder = Path(sys.argv[1])
paths = [folder, *sorted(folder.rglob("*"))]
folders = [path for path in paths if path.is_dir()]
files = [path for path in paths if not path.is_dir()]

os.setgroups([])
os.setgid(NOBODY)
os.setuid(NOBODY)

done = []
for path in folders:
    with suppress(OSError):
        list(path.iterdir())
        done.append(f"listed {path.name}")
for path in files:
    with suppress(OSError), path.open("rb") as file:
        file.read()
        done.append(f"read {path.name}")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        done.append(f"locked {path.name}")
print(json.dumps(done))
