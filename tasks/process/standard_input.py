"""What a script reads from its standard input: nothing, a text, or a file."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

#: A descriptor to read; None is nothing.
StandardInput = int | None


@contextmanager
def opened(source: str | Path | None) -> Iterator[StandardInput]:
    """Open a text, which is read in UTF-8, or a file.

    Either is a file that the script may read or leave: a pipe would have to be filled while it runs, and a
    script that does not read it would hold that up.

    Raises:
        OSError: there is no such file, it may not be read, or it is none.
    """
    if source is None:
        yield None
    elif isinstance(source, Path):
        if source.exists() and not source.is_file():  # to open a pipe would wait for its other end
            raise OSError(errno.EINVAL, "is not a file", str(source))
        with source.open("rb") as file:
            yield file.fileno()
    else:
        with TemporaryFile() as file:
            file.write(source.encode())
            file.flush()
            os.lseek(file.fileno(), 0, os.SEEK_SET)
            yield file.fileno()
