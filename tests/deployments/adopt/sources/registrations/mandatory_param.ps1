param(
    [Parameter(Mandatory = $true)][string]$Script,
    [int]$Minutes = 30
)
$action = New-ScheduledTaskAction -Execute "python" -Argument "C:\agi\$Script"
$trigger = New-ScheduledTaskTrigger -Once -At 00:00 -RepetitionInterval (New-TimeSpan -Minutes $Minutes)
Register-ScheduledTask -TaskName "Any script" -Action $action -Trigger $trigger
