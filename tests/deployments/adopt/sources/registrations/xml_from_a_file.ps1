Register-ScheduledTask -TaskName 'Imported' -Xml (Get-Content "$PSScriptRoot\imported.xml" -Raw)
