"""Is all that the others rely on up? First in every chain: if this fails, the rest waits."""

from flows.group import group_flow

health_check = group_flow("health_check", __doc__)
