# Warns of disks that fill up. Says more with -Verbose.
[CmdletBinding()]
param([double]$AtMost = 0.0, [string]$Label = '디스크')
. "$PSScriptRoot/diary.ps1"
Write-Diary {
    $drives = @([IO.DriveInfo]::GetDrives().Where({ $_.IsReady -and $_.TotalSize }))
    foreach ($drive in $drives[0..0]) {
        Write-Progress -Activity '디스크 점검' -Status $drive.Name -PercentComplete 50
        Write-Verbose "점검: $Label"
        $used = 1 - $drive.AvailableFreeSpace / $drive.TotalSize
        if ($used -ge $AtMost) { Write-Warning "$Label 공간이 부족합니다" }
        Write-Host "$Label 확인 완료" -ForegroundColor Green
    }
}
