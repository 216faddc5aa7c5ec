$vbs = Join-Path $PSScriptRoot 'run_hidden.vbs'
$action = New-ScheduledTaskAction -Execute 'wscript.exe' -Argument "//B `"$vbs`" C:\agi\hidden.py"
$trigger = New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes 10)
Register-ScheduledTask 'Hidden' '\' $action $trigger
