#Requires -Version 5.1
param(
    [int]$IntervalMinutes = 120,
    [string]$TaskName = 'AGI_EventLedger'
)
$ErrorActionPreference = 'Stop'
$root = Split-Path -Parent $PSScriptRoot
$scriptPath = Join-Path $root 'scripts\event_ledger_analyzer.py'

$action = New-ScheduledTaskAction -Execute 'python' -Argument "`"$scriptPath`"" -WorkingDirectory $root
$trigger = New-ScheduledTaskTrigger -Once -At (Get-Date).Date `
    -RepetitionInterval (New-TimeSpan -Minutes $IntervalMinutes) `
    -RepetitionDuration (New-TimeSpan -Days 3650)
$settings = New-ScheduledTaskSettingsSet -StartWhenAvailable -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries `
    -MultipleInstances IgnoreNew -ExecutionTimeLimit (New-TimeSpan -Minutes 5)

Register-ScheduledTask -TaskName $TaskName -Action $action -Trigger $trigger -Settings $settings `
    -Description 'Counts the events of the ledger.' -Force | Out-Null
Write-Host "Registered $TaskName every $IntervalMinutes minutes" -ForegroundColor Green
