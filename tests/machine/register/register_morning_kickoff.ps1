param([string]$Time = "8:30am", [string]$Root = (Split-Path $PSScriptRoot))
$action = New-ScheduledTaskAction -Execute "powershell.exe" `
    -Argument "-NoProfile -ExecutionPolicy Bypass -WindowStyle Hidden -Command `"& python '$Root\scripts\morning_kickoff.py'`""
$trigger = New-ScheduledTaskTrigger -Daily -At $Time
$principal = New-ScheduledTaskPrincipal -UserId $env:USERNAME -LogonType Interactive -RunLevel Limited
Register-ScheduledTask "AGI_MorningKickoff" -InputObject (New-ScheduledTask -Action $action -Trigger $trigger -Principal $principal `
    -Settings (New-ScheduledTaskSettingsSet -StartWhenAvailable) -Description "Says good morning with a plan.") -Force
