$python = 'C:\Python313\python.exe'
$xml = @"
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers>
    <CalendarTrigger>
      <StartBoundary>2026-01-01T04:15:00</StartBoundary>
      <ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>
    </CalendarTrigger>
  </Triggers>
  <Settings><ExecutionTimeLimit>PT20M</ExecutionTimeLimit></Settings>
  <Actions><Exec><Command>$python</Command><Arguments>C:\agi\from_xml.py</Arguments></Exec></Actions>
</Task>
"@
Register-ScheduledTask -TaskName 'From XML' -Xml $xml -Force
