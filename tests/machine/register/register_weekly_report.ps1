$ErrorActionPreference = "Stop"
$base = Resolve-Path "$PSScriptRoot\.."
$tr = "python `"$base\scripts\weekly_report.py`""
schtasks.exe /Create /TN "AGI\WeeklyReport" /TR $tr /SC WEEKLY /D FRI /ST 17:00 /F
if ($LASTEXITCODE -ne 0) { throw "schtasks failed" }
