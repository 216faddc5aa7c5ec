# What runs, and how often, stands in a file that is not here.
$config = Get-Content "$PSScriptRoot\config.json" -Raw | ConvertFrom-Json
$action = New-ScheduledTaskAction -Execute $config.python -Argument $config.script
$trigger = New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes $config.minutes)
Register-ScheduledTask -TaskName "AGI_Configured" -Action $action -Trigger $trigger -Force
