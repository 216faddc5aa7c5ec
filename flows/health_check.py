"""Is all that the others rely on up?"""

from flows.group import group_flow

health_check = group_flow("health_check", __doc__)
