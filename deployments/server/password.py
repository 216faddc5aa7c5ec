"""The password of Prefect's server: the user's own, or one that is made once and kept in a file."""

from __future__ import annotations

import secrets
from pathlib import Path

from filelock import FileLock
from prefect.settings import get_current_settings
from pydantic import SecretStr

from tasks.files import atomic_file, private
from tasks.problem import ConfigError, Problem
from tasks.settings.rhythm_toml import Settings
from tasks.settings.server import SHORTEST_PASSWORD

#: What Prefect calls an auth string has two halves, as HTTP's Basic scheme does.
_USER = "rhythm"
_BYTES = 32  # of randomness: as many as the digest that a server proves itself with


def path() -> Path:
    """Return the file of the password that is made: beside Prefect's database, which it guards.

    All rhythms of one account that share a Prefect home share its server, and so its password.
    """
    return get_current_settings().home / "rhythm-server-password"


def of_prefect() -> str | None:
    """Return the auth string that the user has set in Prefect's own settings, for clients or servers.

    Raises:
        ConfigError: it cannot be used.
    """
    settings = get_current_settings()
    return _checked("PREFECT_API_AUTH_STRING", settings.api.auth_string) or _of_prefects_server()


def _of_prefects_server() -> str | None:
    secret = get_current_settings().server.api.auth_string
    return _checked("PREFECT_SERVER_API_AUTH_STRING", secret)


def _checked(setting: str, secret: SecretStr | None) -> str | None:
    text = secret.get_secret_value() if secret else ""
    if not text.isascii():
        fault = "has characters that Prefect's server cannot compare"
        raise ConfigError([Problem(setting, fault, "Use ASCII: letters, digits and signs.")])
    return text or None


def of_rhythm(settings: Settings) -> str | None:
    """Return `server_password`, else the one that was made; None if none was.

    Raises:
        ConfigError: its file cannot be read.
    """
    if settings.server_password:
        return settings.server_password.get_secret_value()
    file = path()
    try:
        return _read(file)
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
    if theirs := _of_prefects_server() or of_prefect():
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
            if file.exists() and (made := _read(file)):
                return made
            made = f"{_USER}:{secrets.token_urlsafe(_BYTES)}"
            atomic_file.write_text(file, made + "\n")
            return made
    except (OSError, ValueError) as error:
        raise _unusable(file, error) from None


def _read(file: Path) -> str | None:
    """Return the password in a file, if there is one in it.

    Raises:
        OSError, ValueError: it cannot be read, or is not a password.
    """
    text = file.read_text(encoding="utf-8").strip()
    if text and not (len(text) >= SHORTEST_PASSWORD and text.isascii() and text.isprintable()):
        raise ValueError("it holds something else")
    return text or None


def _unusable(file: Path, error: OSError | ValueError) -> ConfigError:
    fault = error.strerror if isinstance(error, OSError) else "it holds something else"
    remedy = "Make it a file that you may read and write, or name a password in RHYTHM_SERVER_PASSWORD."
    return ConfigError([Problem(str(file), f"the server's password cannot be kept there ({fault})", remedy)])
