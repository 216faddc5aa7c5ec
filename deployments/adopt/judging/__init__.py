"""Where jobs belong, and what is different there. Pure."""
