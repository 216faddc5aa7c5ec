# 밤마다 백업합니다. 오래 걸리면 끝냅니다.
[CmdletBinding()]
param([switch]$Unregister, [int]$LimitSeconds = 8)
if ($Unregister) { Unregister-ScheduledTask -TaskName 'AGI_NightlyBackup' -Confirm:$false; return }
$action = @{ Execute = 'powershell.exe'; Argument = "-NoProfile -File `"$PSScriptRoot\..\scripts\nightly_backup.ps1`"" }
$task = @{
    TaskName = 'AGI_NightlyBackup'
    Action   = New-ScheduledTaskAction @action
    Trigger  = New-ScheduledTaskTrigger -Daily -At 23:30
    Settings = New-ScheduledTaskSettingsSet -ExecutionTimeLimit (New-TimeSpan -Seconds $LimitSeconds)
}
Register-ScheduledTask @task -Force
