"""Keeps the machine clean, and its measurements complete."""

from flows.group import group_flow

system_maintenance = group_flow("system_maintenance", __doc__)
