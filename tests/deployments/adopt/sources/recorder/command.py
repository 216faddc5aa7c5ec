"""Stands for schtasks and cmd: notes the words that it is given."""

import json
import os
import sys
from pathlib import Path

with Path(os.environ["RECORDED"]).open("a", encoding="utf-8") as file:
    file.write(json.dumps([Path(sys.argv[0]).stem, *sys.argv[1:]]) + "\n")
