Register-ScheduledTask -TaskName 'Same' -Trigger (New-ScheduledTaskTrigger -Daily -At 1:00) -Action (New-ScheduledTaskAction -Execute 'C:\agi\old.exe')
Register-ScheduledTask -TaskName 'same' -Trigger (New-ScheduledTaskTrigger -Daily -At 2:00) -Action (New-ScheduledTaskAction -Execute 'C:\agi\new.exe') -Force
