"""Which version the tables are of."""

#: The newest of `migrations/versions/`.
HEAD = "2"
