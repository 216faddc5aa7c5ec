$action = New-ScheduledTaskAction -Execute 'C:\agi\piped.exe'
$trigger = New-ScheduledTaskTrigger -Once -At 0:00 -RepetitionInterval '00:10:00'
$settings = New-ScheduledTaskSettingsSet -Disable
New-ScheduledTask -Action $action -Trigger $trigger -Settings $settings | Register-ScheduledTask -TaskName 'Piped' -TaskPath 'AGI\Sub'
