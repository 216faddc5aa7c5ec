# Task Scheduler's COM object, for machines without the ScheduledTasks module.
$service = New-Object -ComObject "Schedule.Service"
$service.Connect()
$folder = $service.GetFolder("\")
$task = $service.NewTask(0)
$task.RegistrationInfo.Description = "Looks after the agents' housekeeping."
$task.Settings.Enabled = $true
$task.Settings.DisallowStartIfOnBatteries = $false
$task.Settings.StopIfGoingOnBatteries = $false
$task.Settings.ExecutionTimeLimit = "PT10M"

$trigger = $task.Triggers.Create(1)
$trigger.StartBoundary = "2026-01-01T00:00:00"
$trigger.Repetition.Interval = "PT1H"

$action = $task.Actions.Create(0)
$action.Path = "python.exe"
$action.Arguments = '"' + (Join-Path (Split-Path $PSScriptRoot) "scripts\ai_ops_manager.py") + '"'
$folder.RegisterTaskDefinition("AGI_AIOpsManager", $task, 6, $null, $null, 3) | Out-Null
