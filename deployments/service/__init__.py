"""Rhythm as a service of the operating system: from the machine's start on, without anybody logged on."""
