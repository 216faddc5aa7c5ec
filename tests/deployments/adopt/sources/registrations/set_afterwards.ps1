Register-ScheduledTask -TaskName 'Changed' -Trigger (New-ScheduledTaskTrigger -Daily -At 1:00) -Action (New-ScheduledTaskAction -Execute 'C:\agi\a.exe')
Set-ScheduledTask -TaskName 'Changed' -Trigger (New-ScheduledTaskTrigger -Daily -At 5:00)
