"""The script that draws the charts, of the one library, for being put into the page."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tasks.outcome import StepFailedError
from tasks.process.system import apart

# As UTF-8 whatever the console speaks; -P, so that no file of the current folder passes for the package.
_BUNDLE = "import sys, vl_convert; sys.stdout.buffer.write(vl_convert.javascript_bundle().encode())"
_PATIENCE = 120.0  # seconds; it takes one or two


@contextmanager
def bundling() -> Iterator[Callable[[], str]]:
    """Start to make the script (Vega, Vega-Lite, Vega-Embed), and give what waits for it.

    A process of its own makes it, because it starts a whole V8: that takes more than a second, in which
    Python could do nothing else, and memory that a long-lived process would keep. What waits
    raises StepFailedError if it cannot be made.
    """
    command = [sys.executable, "-P", "-c", _BUNDLE]
    with subprocess.Popen(  # noqa: S603 - our own Python
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **apart()
    ) as process:
        try:
            yield lambda: _read(process)
        finally:
            process.kill()  # one that has ended already takes no notice


def _read(process: subprocess.Popen[bytes]) -> str:
    try:
        script, said = process.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        raise StepFailedError(f"the charts' script was not ready within {_PATIENCE:g} s") from None
    if process.returncode:
        why = said.decode(errors="replace").strip().splitlines()[-1:] or ["it ended without a word"]
        raise StepFailedError(
            f"the charts' script could not be made: {why[0]}. Install altair and vl-convert-python again."
        )
    # Line ends as an HTML parser leaves them, or its checksum would be another; nor may it end itself.
    return script.decode().replace("\r\n", "\n").replace("\r", "\n").replace("</script", r"<\/script")
