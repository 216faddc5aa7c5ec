schtasks /create /tn "Watchdog" /tr "C:\Python313\python.exe C:\agi\watchdog.py" /sc minute /mo 5 /f
schtasks.exe /Create /SC DAILY /ST 03:00 /TN \AGI\Nightly /TR "'C:\Program Files\agi\nightly.exe' --full" /RU SYSTEM /RL HIGHEST
& schtasks /create /tn Logon /tr C:\agi\logon.cmd /sc onlogon /delay 0002:00
schtasks /create /tn Monthly /tr C:\agi\monthly.cmd /sc monthly /mo LAST /d SUN /st 05:00
schtasks /create /tn Idle /tr C:\agi\idle.cmd /sc onidle /i 10
schtasks /create /tn Weekly /tr C:\agi\weekly.cmd /sc weekly /d MON,WED /st 18:00
schtasks /create /tn Once /tr C:\agi\once.cmd /sc once /st 23:59
schtasks /create /tn Event /tr C:\agi\event.cmd /sc onevent /ec System /mo "*[System/EventID=41]"
schtasks /delete /tn "Old" /f
