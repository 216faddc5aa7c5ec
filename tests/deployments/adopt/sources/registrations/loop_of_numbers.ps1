for ($i = 1; $i -le 3; $i++) {
    $at = "{0:D2}:00" -f ($i * 6)
    Register-ScheduledTask -TaskName "Shift $i" -Trigger (New-ScheduledTaskTrigger -Daily -At $at) `
        -Action (New-ScheduledTaskAction -Execute 'C:\agi\shift.bat' -Argument $i)
}
'north', 'south' | ForEach-Object {
    $action = New-ScheduledTaskAction -Execute "C:\agi\$_.exe"
    Register-ScheduledTask -TaskName "Site $_" -Action $action -Trigger (New-ScheduledTaskTrigger -AtStartup)
}
