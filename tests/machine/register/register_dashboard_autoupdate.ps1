$ErrorActionPreference = "Stop"
$base = Resolve-Path "$PSScriptRoot\.."
$tr = "python `"$base\scripts\dashboard_autoupdate.py`""
schtasks.exe /Create /TN "AGI\DashboardAutoUpdate" /TR $tr /SC MINUTE /MO 30 /F
if ($LASTEXITCODE -ne 0) { throw "schtasks failed" }
