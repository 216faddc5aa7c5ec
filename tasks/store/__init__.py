"""How `tasks.store.store` keeps what was measured: its tables, their migrations, and the database itself."""
