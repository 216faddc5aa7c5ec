$a = New-ScheduledTaskAction -Execute 'C:\agi\off.exe'
Register-ScheduledTask -TaskName 'Off' -Action $a -Trigger (New-ScheduledTaskTrigger -Daily -At 1pm)
Disable-ScheduledTask -TaskName 'Off' | Out-Null
