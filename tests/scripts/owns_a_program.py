"""Owns any program, as a beat does. Words: the folder for outputs, and the program's argument list."""

import asyncio
import os
from pathlib import Path

from common import FOLDER, WORDS

from tasks.process import script
from tasks.redaction.redactor import Redactor

outputs, *argv = WORDS
asyncio.run(
    script.run(
        argv,
        name="owned",
        cwd=FOLDER,
        env=os.environ,
        timeout=120,
        outputs_dir=Path(outputs),
        on_lines=lambda lines, error: None,
        redact=Redactor(),
    )
)
