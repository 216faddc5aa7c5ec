# 지난 하루의 요약을 만듭니다.
. "$PSScriptRoot/diary.ps1"
Write-Diary {
    $사건 = @(Get-Content (Join-Path $env:DATA 'events.jsonl') -Encoding utf8)
    $요약 = "# 일일 브리핑`n`n사건 $($사건.Count)건, 가장 오래된 것부터"
    Set-Content (Join-Path $env:DATA 'briefing.md') $요약 -Encoding utf8
    Write-Output $요약
}
