$python = "$env:LOCALAPPDATA\Programs\Python\Python313\pythonw.exe"
$action = New-ScheduledTaskAction -Execute $python -Argument "$env:USERPROFILE\agi\tray.py"
Register-ScheduledTask -TaskName 'Tray' -Action $action -Trigger (New-ScheduledTaskTrigger -AtLogOn)
