$command = 'Get-ChildItem C:\temp | Where-Object { $_.LastWriteTime -lt (Get-Date).AddDays(-7) } | Remove-Item'
$action = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument "-NoProfile -Command `"$command`""
$trigger = New-ScheduledTaskTrigger -Daily -At 2:00
Register-ScheduledTask -TaskName 'Temp files' -Action $action -Trigger $trigger
