"""How fast is it, and which way is it going?"""

from flows.group import group_flow

performance_analysis = group_flow("performance_analysis", __doc__)
