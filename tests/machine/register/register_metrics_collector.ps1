#Requires -Version 5.1
param(
    [int]$IntervalMinutes = 15,
    [string]$TaskName = 'AGI_MetricsCollector'
)
$ErrorActionPreference = 'Stop'
$root = Split-Path -Parent $PSScriptRoot
$scriptPath = Join-Path $root 'scripts\metrics_collector.py'

$action = New-ScheduledTaskAction -Execute 'python' -Argument "`"$scriptPath`"" -WorkingDirectory $root
$trigger = New-ScheduledTaskTrigger -Once -At (Get-Date).Date `
    -RepetitionInterval (New-TimeSpan -Minutes $IntervalMinutes) `
    -RepetitionDuration (New-TimeSpan -Days 3650)
$settings = New-ScheduledTaskSettingsSet -StartWhenAvailable -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries `
    -MultipleInstances IgnoreNew -ExecutionTimeLimit (New-TimeSpan -Minutes 5)

Register-ScheduledTask -TaskName $TaskName -Action $action -Trigger $trigger -Settings $settings `
    -Description 'A line of metrics for each run.' -Force | Out-Null
Write-Host "Registered $TaskName every $IntervalMinutes minutes" -ForegroundColor Green
