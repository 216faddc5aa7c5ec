"""WHEN and IN WHICH ORDER: the rhythm, its groups, and the decisions of a beat."""
