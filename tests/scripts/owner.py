"""Owns an example script, as a beat does. Words: the folder for outputs, the script, its words."""

import asyncio
import os
import sys
from pathlib import Path

from common import FOLDER, WORDS

from tasks.process import script
from tasks.redaction.redactor import Redactor

outputs, name, *words = WORDS
asyncio.run(
    script.run(
        [sys.executable, str(Path(__file__).with_name(name)), str(FOLDER), *words],
        name=name,
        cwd=FOLDER,
        env=os.environ,
        timeout=120,
        outputs_dir=Path(outputs),
        on_lines=lambda lines, error: None,
        redact=Redactor(),
    )
)
