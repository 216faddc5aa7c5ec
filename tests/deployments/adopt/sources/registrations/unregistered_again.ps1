Register-ScheduledTask 'Tried' -Trigger (New-ScheduledTaskTrigger -AtLogOn) -Action (New-ScheduledTaskAction -Execute 'C:\agi\tried.exe')
Register-ScheduledTask 'Kept' -Trigger (New-ScheduledTaskTrigger -AtLogOn) -Action (New-ScheduledTaskAction -Execute 'C:\agi\kept.exe')
Register-ScheduledTask 'Perhaps' -Trigger (New-ScheduledTaskTrigger -AtLogOn) -Action (New-ScheduledTaskAction -Execute 'C:\agi\perhaps.exe')
Unregister-ScheduledTask -TaskName 'Tried' -Confirm:$false
if ($env:AGI_SMALL -eq '1') { Unregister-ScheduledTask -TaskName 'Perhaps' -Confirm:$false }
