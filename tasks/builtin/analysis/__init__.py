"""What measurements mean. Pure: given records and a time, findings; nothing here reads or writes."""
