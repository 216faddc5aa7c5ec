$ErrorActionPreference = "Stop"
$base = Resolve-Path "$PSScriptRoot\.."
$tr = "python `"$base\scripts\cache_prune.py`""
schtasks.exe /Create /TN "AGI\CachePrune" /TR $tr /SC HOURLY /F
if ($LASTEXITCODE -ne 0) { throw "schtasks failed" }
