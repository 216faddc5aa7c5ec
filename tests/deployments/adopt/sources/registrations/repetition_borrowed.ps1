# A daily trigger can have a repetition only by way of another one.
$t = New-ScheduledTaskTrigger -Daily -At 06:00
$t.Repetition = (New-ScheduledTaskTrigger -Once -At 06:00 -RepetitionInterval (New-TimeSpan -Minutes 20) -RepetitionDuration (New-TimeSpan -Hours 12)).Repetition
Register-ScheduledTask -TaskName 'Daytime' -Trigger $t -Action (New-ScheduledTaskAction -Execute 'C:\agi\daytime.cmd')
