# 지연 통계 작업을 등록합니다. 관리자 권한은 필요 없습니다.
[CmdletBinding()]
param([switch]$Unregister)

$taskName = "AGI_LatencyStats"
$here = $PSScriptRoot
$py = "$here\..\scripts\latency_stats.py"

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
    Trigger     = New-ScheduledTaskTrigger -Once -At "00:00" -RepetitionInterval (New-TimeSpan -Minutes 30)
    Settings    = New-ScheduledTaskSettingsSet -Hidden -StartWhenAvailable
    Description = "지연 통계 자동 실행"
}
Register-ScheduledTask @params -Force
Write-Host "등록 완료 ✓ (30분마다)"
