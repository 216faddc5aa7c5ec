<#
.SYNOPSIS
    Register-ScheduledTask -TaskName "In a comment" -Action $none
#>
# Register-ScheduledTask -TaskName "In a line of comment"
$help = 'Register-ScheduledTask -TaskName "In a text"'
Write-Host "Run Register-ScheduledTask yourself"
$action = New-ScheduledTaskAction -Execute "C:\agi\real.exe"   # the real one
Register-ScheduledTask -TaskName "Real" -Action $action -Trigger (New-ScheduledTaskTrigger -Daily -At "10:00 PM")
return
Register-ScheduledTask -TaskName "After the end" -Action $action -Trigger (New-ScheduledTaskTrigger -AtLogOn)
