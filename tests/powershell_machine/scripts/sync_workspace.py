"""What differs between the two copies of the workspace?"""

import filecmp

from diary import DATA, written_down

with written_down("sync_workspace"):
    for name in ("one", "other"):
        DATA.joinpath(name).mkdir(exist_ok=True)
    found = filecmp.dircmp(DATA / "one", DATA / "other")
    print(f"{len(found.left_only) + len(found.right_only)} to be copied")
