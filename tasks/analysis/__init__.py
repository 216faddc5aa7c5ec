"""What measurements mean. Pure: given records and a moment, findings; nothing here reads or writes."""
