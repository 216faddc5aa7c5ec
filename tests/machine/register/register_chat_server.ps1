$action = New-ScheduledTaskAction -Execute "pythonw.exe" -Argument "$PSScriptRoot\..\scripts\chat_server.py --port 8090"
$trigger = New-ScheduledTaskTrigger -AtLogOn
$settings = New-ScheduledTaskSettingsSet -ExecutionTimeLimit 0 -RestartCount 3 -RestartInterval (New-TimeSpan -Minutes 1)
Register-ScheduledTask -TaskName "AGI_ChatServer" -Action $action -Trigger $trigger -Settings $settings -Force
