$ErrorActionPreference = "Stop"
$base = Resolve-Path "$PSScriptRoot\.."
$tr = "python `"$base\scripts\task_queue_watchdog.py`""
schtasks.exe /Create /TN "AGI\TaskQueueWatchdog" /TR $tr /SC MINUTE /MO 5 /F
if ($LASTEXITCODE -ne 0) { throw "schtasks failed" }
