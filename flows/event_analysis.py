"""What happened over the last hours, and what to change."""

from flows.group import group_flow

event_analysis = group_flow("event_analysis", __doc__)
