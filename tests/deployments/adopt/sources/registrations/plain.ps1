$action = New-ScheduledTaskAction -Execute "C:\Python313\python.exe" -Argument "C:\agi\watchdog.py --once" -WorkingDirectory "C:\agi"
$trigger = New-ScheduledTaskTrigger -Daily -At 3am
Register-ScheduledTask -TaskName "Watchdog" -Action $action -Trigger $trigger -Description "Looks whether it moves"
