Register-ScheduledTask `
    -Force `
    -Settings (New-ScheduledTaskSettingsSet -ExecutionTimeLimit (New-TimeSpan -Hours 2) -RestartCount 3 `
        -RestartInterval (New-TimeSpan -Minutes 1)) `
    -Trigger (New-ScheduledTaskTrigger -Weekly -WeeksInterval 1 -DaysOfWeek Monday, Friday -At "17:30") `
    -Action (New-ScheduledTaskAction -Argument '-File "C:\agi\weekly report.ps1" -Quiet' -Execute 'pwsh.exe') `
    -TaskPath '\AGI\' `
    -TaskName 'Weekly report'
