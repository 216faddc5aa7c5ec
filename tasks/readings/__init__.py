"""How much of the machine is in use, by Rhythm and by others: read at little cost."""
