$a = New-ScheduledTaskAction -Execute "pythonw.exe" -Argument "$PSScriptRoot\..\scripts\file_watcher.py"
$t = New-ScheduledTaskTrigger -AtStartup
$t.Delay = "PT2M"
Register-ScheduledTask -TaskName "AGI_FileWatcher" -Action $a -Trigger $t -User "SYSTEM" -RunLevel Highest -Force
