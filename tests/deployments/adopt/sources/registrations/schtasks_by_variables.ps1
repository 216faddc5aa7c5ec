$name = 'Backup'
$command = 'powershell.exe -NoProfile -File \"C:\agi\backup.ps1\" -Target \"D:\my backup\"'
$options = @('/Create', '/TN', $name, '/TR', $command, '/SC', 'HOURLY', '/MO', '2', '/F')
& schtasks.exe @options
Start-Process -FilePath schtasks.exe -ArgumentList '/create /tn Started /tr C:\agi\started.exe /sc minute /mo 20' -Wait -NoNewWindow
cmd /c "schtasks /create /tn ByCmd /tr C:\agi\bycmd.exe /sc daily /st 12:00"
cmd.exe /c schtasks /create /tn ByCmd2 /tr C:\agi\bycmd2.exe /sc daily /st 13:00
