"""How fast is it, and which way is it going? After a health check that completed."""

from flows.group import group_flow

performance_analysis = group_flow("performance_analysis", __doc__)
