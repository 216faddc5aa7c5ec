$mode = 'nightly'
switch ($mode) { 'daily' { $at = '09:00' } 'nightly' { $at = '23:30' } default { $at = '00:00' } }
Register-ScheduledTask 'Unclear' -Trigger (New-ScheduledTaskTrigger -Daily -At $at) -Action (New-ScheduledTaskAction -Execute 'C:\agi\a.exe')
