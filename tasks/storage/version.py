"""Which version the tables are of."""

#: The newest of `migrations/versions/`.
HEAD = "2"
#: Where the database says it. Not Alembic's usual name: Prefect, in the same database, uses that.
TABLE = "rhythm_version"
