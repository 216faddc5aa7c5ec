"""PowerShell, read and never run: what variables, tables and commands come to, as far as their text shows."""
