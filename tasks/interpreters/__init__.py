"""How a script is started: Python, PowerShell, batch files, shells, or by itself."""
