$triggers = @(
    New-ScheduledTaskTrigger -AtLogOn
    New-ScheduledTaskTrigger -Daily -At 09:00
)
$triggers += New-ScheduledTaskTrigger -Daily -DaysInterval 2 -At 21:00 -RandomDelay (New-TimeSpan -Minutes 10)
$actions = (New-ScheduledTaskAction -Execute 'C:\agi\a.exe'), (New-ScheduledTaskAction -Execute 'C:\agi\b.exe' -Argument 'x "y z"')
Register-ScheduledTask -TaskName 'Both' -Action $actions -Trigger $triggers
