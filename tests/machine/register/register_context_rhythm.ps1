param([string]$Time = "06:00", [string]$Root = (Split-Path $PSScriptRoot))
$action = New-ScheduledTaskAction -Execute "powershell.exe" `
    -Argument "-NoProfile -ExecutionPolicy Bypass -WindowStyle Hidden -Command `"& python '$Root\scripts\context_rhythm.py'`""
$trigger = New-ScheduledTaskTrigger -Daily -At $Time
$principal = New-ScheduledTaskPrincipal -UserId $env:USERNAME -LogonType Interactive -RunLevel Limited
Register-ScheduledTask "AGI_ContextRhythm" -InputObject (New-ScheduledTask -Action $action -Trigger $trigger -Principal $principal `
    -Settings (New-ScheduledTaskSettingsSet -StartWhenAvailable) -Description "Lays out the context of the day.") -Force
