# An else on a line of its own, a switch that is set to false, and clauses on lines of their own.
$mode = 'nightly'
switch ($mode) {
    'daily' { $at = '09:00' }
    'nightly' { $at = '23:30' }
    default { $at = '00:00' }
}
function Add-Job {
    param([string]$Name, [int]$Every = 15, [switch]$Quiet)
    $words = if ($Quiet) { ' -q' }
    elseif ($Every -gt 60) { ' --seldom' }
    # of the others
    else { '' }
    $trigger = New-ScheduledTaskTrigger -Once -At 0:00 -RepetitionInterval:(New-TimeSpan -Minutes $Every)
    Register-ScheduledTask -TaskName $Name -Trigger $trigger `
        -Action (New-ScheduledTaskAction -Execute "C:\agi\$Name.exe" -Argument "--all$words")
}
Add-Job -Quiet:$false -Name 'loud'
Add-Job -Quiet:$true -Name 'quiet' -Every 30
Add-Job seldom 90
Register-ScheduledTask 'Nightly' -Trigger (New-ScheduledTaskTrigger -Daily -At $at) `
    -Action (New-ScheduledTaskAction -Execute 'C:\agi\nightly.exe')
