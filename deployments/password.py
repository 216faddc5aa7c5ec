"""The password of Prefect's server: the user's own, or one that is made once and kept in a file."""

from __future__ import annotations

import secrets
from pathlib import Path

from filelock import FileLock
from prefect.settings import get_current_settings

from tasks import atomic_file, private
from tasks.problem import ConfigError, Problem
from tasks.settings import Settings

#: What Prefect calls an auth string has two halves, as HTTP's Basic scheme does.
_USER = "rhythm"
_BYTES = 32  # of randomness: as many as the digest that a server proves itself with


def path() -> Path:
    """Return the file of the password that is made: beside Prefect's database, which it guards.

    All rhythms of one account that share a Prefect home share its server, and so its password.
    """
    return get_current_settings().home / "rhythm-server-password"


def of_prefect() -> str | None:
    """Return the auth string that the user has set in Prefect's own settings, for clients or servers."""
    settings = get_current_settings()
    secret = settings.api.auth_string or settings.server.api.auth_string
    return (secret.get_secret_value() or None) if secret else None


def of_rhythm(settings: Settings) -> str | None:
    """Return `server_password`, else the one that was made; None if none was.

    Raises:
        ConfigError: its file cannot be read.
    """
    if settings.server_password:
        return settings.server_password.get_secret_value()
    file = path()
    try:
        return file.read_text(encoding="ascii").strip() or None
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unusable(file, error) from None


def is_off(settings: Settings) -> bool:
    """Whether a server of ours asks for none."""
    return settings.auth == "off" and of_prefect() is None


def for_server(settings: Settings) -> str | None:
    """Return the password that a server of ours is to have, made if need be; None with `auth = "off"`.

    An auth string that the user has set in Prefect's own settings is used, whatever rhythm.toml says.

    Raises:
        ConfigError: its file cannot be read or written.
    """
    server = get_current_settings().server.api.auth_string
    if theirs := (server.get_secret_value() if server else None) or of_prefect():
        return theirs
    if settings.auth == "off":
        return None
    return of_rhythm(settings) or make(path())


def make(file: Path) -> str:
    """Make one and keep it in a file, unless another process just has; return it.

    Raises:
        ConfigError: the file cannot be read or written.
    """
    try:
        private.make_folder(file.parent)
        with FileLock(file.with_name(f"{file.name}.lock"), mode=private.FILE):
            if file.exists() and (made := file.read_text(encoding="ascii").strip()):
                return made
            made = f"{_USER}:{secrets.token_urlsafe(_BYTES)}"
            atomic_file.write_text(file, made + "\n")
            return made
    except (OSError, ValueError) as error:
        raise _unusable(file, error) from None


def _unusable(file: Path, error: OSError | ValueError) -> ConfigError:
    fault = error.strerror if isinstance(error, OSError) else "it is not text"
    remedy = "Make it a file that you may read and write, or name a password in RHYTHM_SERVER_PASSWORD."
    return ConfigError([Problem(str(file), f"the server's password cannot be kept there ({fault})", remedy)])
