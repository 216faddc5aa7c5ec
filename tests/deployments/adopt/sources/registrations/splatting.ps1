$trigger = @{
    Once               = $true
    At                 = (Get-Date).AddMinutes(1)
    RepetitionInterval = New-TimeSpan -Minutes 15
}
$task = @{
    TaskName = 'Collector'
    Action   = New-ScheduledTaskAction -Execute 'python.exe' -Argument '"C:\agi\collect.py"'
    Trigger  = New-ScheduledTaskTrigger @trigger
    User     = 'SYSTEM'
    RunLevel = 'Highest'
}
Register-ScheduledTask @task -Force | Out-Null
