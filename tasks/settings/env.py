"""Variables for scripts, as rhythm.toml writes them at each of its levels."""

from __future__ import annotations

#: By name; values may refer to other variables, which `tasks.variables` fills in when a script is started.
Env = dict[str, str]

#: What the description of each level's `env` ends with.
REFERENCES = (
    " `${NAME}` is the value of another variable: of a level outside, or of Rhythm's own environment. "
    "`${NAME:-text}` has a default; `$${` is a plain `${`."
)
