"""Prefect's server: where it is, who it lets in, and how it is served and found."""
