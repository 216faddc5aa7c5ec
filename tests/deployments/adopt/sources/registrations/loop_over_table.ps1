$base = 'D:\scripts'
$jobs = @(
    @{ Name = 'Cleanup'; File = 'cleanup.py'; Every = 60 },
    @{ Name = 'Metrics'; File = 'metrics.py'; Every = 15 },
    [pscustomobject]@{ Name = 'Spikes'; File = 'spikes.py'; Every = 120 }
)
foreach ($job in $jobs) {
    $interval = [TimeSpan]::FromMinutes($job.Every)
    $action = New-ScheduledTaskAction -Execute 'C:\Python313\pythonw.exe' -Argument "$base\$($job.File)"
    $trigger = New-ScheduledTaskTrigger -Once -At '2026-01-01 00:05' -RepetitionInterval $interval
    Register-ScheduledTask -TaskName "AGI-$($job.Name)" -Action $action -Trigger $trigger | Out-Null
}
