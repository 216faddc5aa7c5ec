$settings = Get-Content .\settings.json | ConvertFrom-Json
$when = Read-Host 'At what time?'
$action = New-ScheduledTaskAction -Execute $settings.exe -Argument "C:\agi\fixed.py"
$trigger = New-ScheduledTaskTrigger -Daily -At $when
Register-ScheduledTask -TaskName "Asked $(Get-Random)" -Action $action -Trigger $trigger
