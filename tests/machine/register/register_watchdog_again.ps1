# An older one, that nobody has taken away.
$action = New-ScheduledTaskAction -Execute "python" -Argument "`"$(Join-Path (Split-Path $PSScriptRoot) 'scripts\watchdog.py')`""
$trigger = New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes 10)
Register-ScheduledTask -TaskName "Watchdog (old)" -Action $action -Trigger $trigger
