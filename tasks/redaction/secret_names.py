"""Names of variables that show their values to be secret."""

from __future__ import annotations

import re

# Anywhere in a name, in any case: DB_PASSWORD, PGPASSWORD, ChatToken; whole words: API_KEY, not KEYBOARD.
_SECRET = re.compile(
    r"password|passwd|passphrase|secret|token|credential|api_?key|(?:^|_)(?:pass|key|auth|authorization)(?:_|$)",
    re.IGNORECASE,
)


def is_secret_name(name: str) -> bool:
    """Whether what a variable of this name holds is most likely a secret."""
    return _SECRET.search(name) is not None
