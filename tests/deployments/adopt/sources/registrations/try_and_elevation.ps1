#Requires -RunAsAdministrator
$ErrorActionPreference = 'Stop'
$isAdmin = ([Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()).IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
if (-not $isAdmin) {
    Write-Host 'Run as administrator.' -ForegroundColor Red
    exit 1
}
try {
    $exists = Get-ScheduledTask -TaskName 'Tried' -ErrorAction SilentlyContinue
    if ($exists) {
        Unregister-ScheduledTask -TaskName 'Tried' -Confirm:$false
    }
    $action = New-ScheduledTaskAction -Execute 'C:\agi\tried.exe'
    $trigger = New-ScheduledTaskTrigger -AtStartup
    $trigger.Delay = 'PT30S'
    Register-ScheduledTask -TaskName 'Tried' -Action $action -Trigger $trigger -Principal (New-ScheduledTaskPrincipal -UserId 'SYSTEM' -LogonType ServiceAccount -RunLevel Highest)
}
catch {
    Write-Error "failed: $_"
    exit 1
}
