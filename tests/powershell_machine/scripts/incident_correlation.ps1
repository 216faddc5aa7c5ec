# Which incidents come together? The list of them is on a share that is gone.
. "$PSScriptRoot/diary.ps1"
Write-Diary {
    Write-Host '사건 목록을 찾는 중'
    $list = Join-Path $env:DATA 'share/incidents.csv'
    if (-not (Test-Path $list)) { throw "사건 목록이 없습니다: incidents.csv" }
    Import-Csv $list
}
