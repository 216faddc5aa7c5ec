"""Prefect's home, with its database, as its server here is to find it: for this account alone."""

from __future__ import annotations

from pathlib import Path

from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL, get_current_settings
from sqlalchemy import make_url

from deployments.server import private_folders
from tasks.files import private
from tasks.problem import ConfigError, Problem, remedy_for
from tasks.store.database import file_of


def database_file() -> Path | None:
    """Return the file that the server keeps its data in; None if its database is no file."""
    return file_of(make_url(PREFECT_SERVER_DATABASE_CONNECTION_URL.value()))


def make_private() -> str:
    """Make what the server would make by the umask, and repair what is there, before the server starts.

    Return what to report; empty if nothing was to be repaired. A database outside of the home that is
    there already is left as it is.

    Raises:
        ConfigError: the home or the database cannot be made.
    """
    home = get_current_settings().home
    database = database_file()
    try:
        private.make_folder(home)
        if database and database.parent.is_dir():
            private.make_file(database)
    except OSError as error:
        fault = f"cannot be made ({error.strerror})"
        remedy = remedy_for(error, "Name a folder that you may write to in PREFECT_HOME.")
        raise ConfigError([Problem(str(error.filename or home), fault, remedy)]) from None
    return private_folders.repair(home, deep=False)
