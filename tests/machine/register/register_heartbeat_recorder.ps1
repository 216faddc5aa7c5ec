# 상태 작업을 등록합니다. 관리자 권한은 필요 없습니다.
[CmdletBinding()]
param([switch]$Unregister)

$taskName = "AGI 상태 기록"
$here = $PSScriptRoot
$py = "$here\..\scripts\heartbeat_recorder.py"

if ($Unregister) {
    Unregister-ScheduledTask -TaskName $taskName -Confirm:$false
    Write-Host "삭제 완료: $taskName"
    exit 0
}

$existing = Get-ScheduledTask -TaskName $taskName -ErrorAction SilentlyContinue
if ($existing) { Unregister-ScheduledTask -TaskName $taskName -Confirm:$false }

$params = @{
    TaskName    = $taskName
    Action      = New-ScheduledTaskAction -Execute "pythonw.exe" -Argument "`"$py`""
    Trigger     = New-ScheduledTaskTrigger -Once -At "00:00" -RepetitionInterval (New-TimeSpan -Minutes 10)
    Settings    = New-ScheduledTaskSettingsSet -Hidden -StartWhenAvailable
    Description = "상태 자동 실행"
}
Register-ScheduledTask @params -Force
Write-Host "등록 완료 ✓ (10분마다)"
