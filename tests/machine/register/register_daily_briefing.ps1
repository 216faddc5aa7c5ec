param([string]$Time = "7:00 AM", [string]$Root = (Split-Path $PSScriptRoot))
$action = New-ScheduledTaskAction -Execute "powershell.exe" `
    -Argument "-NoProfile -ExecutionPolicy Bypass -WindowStyle Hidden -Command `"& python '$Root\scripts\daily_briefing.py'`""
$trigger = New-ScheduledTaskTrigger -Daily -At $Time
$principal = New-ScheduledTaskPrincipal -UserId $env:USERNAME -LogonType Interactive -RunLevel Limited
Register-ScheduledTask "AGI_DailyBriefing" -InputObject (New-ScheduledTask -Action $action -Trigger $trigger -Principal $principal `
    -Settings (New-ScheduledTaskSettingsSet -StartWhenAvailable) -Description "What happened in the last day.") -Force
