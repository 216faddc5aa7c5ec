$ErrorActionPreference = "Stop"
$base = Resolve-Path "$PSScriptRoot\.."
$tr = "python `"$base\scripts\monthly_summary.py`""
schtasks.exe /Create /TN "AGI\MonthlySummary" /TR $tr /SC MONTHLY /D 1 /ST 09:00 /F
if ($LASTEXITCODE -ne 0) { throw "schtasks failed" }
