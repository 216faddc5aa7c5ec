"""What is reported when the measurements cannot be reached."""

from __future__ import annotations


class StoreError(Exception):
    """The measurements cannot be reached: the message says where, what is wrong, what to do."""

    def __init__(self, where: str, fault: str, remedy: str) -> None:
        super().__init__(f"{where}: {fault}. {remedy}")
        self.where, self.fault, self.remedy = where, fault, remedy
