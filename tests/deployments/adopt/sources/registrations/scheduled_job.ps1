$trigger = New-JobTrigger -Daily -At '4:30 AM'
Register-ScheduledJob -Name 'PowerShell job' -FilePath 'C:\agi\job.ps1' -Trigger $trigger
