"""Incidents that were found: what is looked at for them, and what is remembered of them."""
