param([string]$Time = "22:00", [string]$Root = (Split-Path $PSScriptRoot))
$action = New-ScheduledTaskAction -Execute "powershell.exe" `
    -Argument "-NoProfile -ExecutionPolicy Bypass -WindowStyle Hidden -Command `"& python '$Root\scripts\evening_reflection.py'`""
$trigger = New-ScheduledTaskTrigger -Daily -At $Time
$principal = New-ScheduledTaskPrincipal -UserId $env:USERNAME -LogonType Interactive -RunLevel Limited
Register-ScheduledTask "AGI_EveningReflection" -InputObject (New-ScheduledTask -Action $action -Trigger $trigger -Principal $principal `
    -Settings (New-ScheduledTaskSettingsSet -StartWhenAvailable) -Description "What went well, and what did not.") -Force
