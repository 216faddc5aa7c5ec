[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory = $false)]
    [ValidateRange(1, 1440)]
    [int]$IntervalMinutes = 7,
    [string]$TaskName = "AGI_Monitor_$IntervalMinutes",
    [string]$Workspace = "C:\workspace\agi",
    [switch]$Hidden
)
$script = Join-Path -Path $Workspace -ChildPath "monitor.py"
$arguments = "-u `"$script`" --every $($IntervalMinutes * 60)"
if ($Hidden) { $arguments += " --hidden" }
$exe = if ($Hidden) { "pythonw.exe" } else { "python.exe" }
$action = New-ScheduledTaskAction -Execute $exe -Argument $arguments
$trigger = New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes $IntervalMinutes) -RepetitionDuration ([TimeSpan]::MaxValue)
Register-ScheduledTask -TaskName $TaskName -Action $action -Trigger $trigger
