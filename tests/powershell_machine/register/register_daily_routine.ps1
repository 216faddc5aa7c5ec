$scripts = Join-Path (Split-Path $PSScriptRoot -Parent) 'scripts'
$jobs = @(
    @{ Name = '일일 브리핑';   File = '일일_브리핑.ps1';               At = '03:00' }
    @{ Name = '대시보드';      File = 'generate_visual_dashboard.ps1'; At = '03:05' }
    @{ Name = '메일';          File = 'email_digest.py';               At = '3:10am' }
    @{ Name = '아침';          File = 'morning_kickoff.py';            At = '8:30am' }
    @{ Name = '목표';          File = 'goal_review.py';                At = '9:00am' }
    @{ Name = '저녁';          File = 'evening_reflection.py';         At = '22:00' }
)
foreach ($job in $jobs) {
    $path = '"{0}"' -f (Join-Path $scripts $job.File)
    $action = if ($job.File.EndsWith('.py')) { New-ScheduledTaskAction -Execute python -Argument $path }
    else { New-ScheduledTaskAction -Execute pwsh.exe -Argument "-NoProfile -File $path" }
    $trigger = New-ScheduledTaskTrigger -Daily -At $job.At
    Register-ScheduledTask -TaskName $job.Name -TaskPath '\AGI\' -Action $action -Trigger $trigger -Force | Out-Null
}
