$service = New-Object -ComObject Schedule.Service
$service.Connect()
$root = $service.GetFolder('\AGI')
$definition = $service.NewTask(0)
$definition.RegistrationInfo.Description = 'Checks the queue'
$settings = $definition.Settings
$settings.Enabled = $true
$settings.StartWhenAvailable = $true
$settings.ExecutionTimeLimit = 'PT30M'
$daily = $definition.Triggers.Create(2)
$daily.StartBoundary = '2026-01-01T05:45:00'
$daily.DaysInterval = 1
$logon = $definition.Triggers.Create(9)
$logon.Delay = 'PT1M'
$exec = $definition.Actions.Create(0)
$exec.Path = 'C:\Python313\python.exe'
$exec.Arguments = 'C:\agi\queue_check.py'
$exec.WorkingDirectory = 'C:\agi'
[void]$root.RegisterTaskDefinition('Queue check', $definition, 6, $null, $null, 3)
