"""Once a day, what a person reads in the morning."""

from flows.group import group_flow

daily_routine = group_flow("daily_routine", __doc__)
