param(
    [switch]$Register,
    [switch]$Unregister,
    [switch]$Status
)
$TaskName = "AGI_AutoResume"
function Register-Task {
    $action = New-ScheduledTaskAction -Execute "powershell.exe" -Argument "-NoProfile -ExecutionPolicy Bypass -File `"$PSScriptRoot\auto_resume.ps1`" -Silent"
    $trigger = New-ScheduledTaskTrigger -AtLogOn -User $env:USERNAME
    Register-ScheduledTask -TaskName $TaskName -Action $action -Trigger $trigger -Force | Out-Null
    Write-Host "registered"
}
if ($Status) { Get-ScheduledTask -TaskName $TaskName; exit 0 }
if ($Unregister) { Unregister-ScheduledTask -TaskName $TaskName -Confirm:$false; exit 0 }
if ($Register) { Register-Task; exit 0 }
Write-Host "Say -Register or -Unregister."
