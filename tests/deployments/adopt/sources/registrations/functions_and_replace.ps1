function Add-Rhythm {
    param([string]$Name, [string]$File, [int]$Minutes = 60)
    $argument = '"{0}\{1}"' -f $script:Root, $File
    $action = New-ScheduledTaskAction -Execute 'python.exe' -Argument $argument
    $trigger = New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes $Minutes)
    Register-ScheduledTask -TaskName ('AGI_' + $Name) -Action $action -Trigger $trigger -Force | Out-Null
}
$script:Root = 'C:/workspace/agi'.Replace('/', '\')
Add-Rhythm -Name 'First' -File 'first.py' -Minutes 10
Add-Rhythm 'Second' 'second.py'
Add-Rhythm -Name ('third'.ToUpper()) -File "third.py" 120
