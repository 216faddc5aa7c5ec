"""Calendars: at which times a group comes due. Pure; what rhythm.toml writes in, times out."""
