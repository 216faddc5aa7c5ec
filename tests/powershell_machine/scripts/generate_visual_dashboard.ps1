# One page with the briefing on it.
. "$PSScriptRoot/diary.ps1"
Write-Diary {
    $briefing = Get-Content (Join-Path $env:DATA 'briefing.md') -Raw -Encoding utf8
    "<pre>$([Net.WebUtility]::HtmlEncode($briefing))</pre>" | Set-Content (Join-Path $env:DATA 'dashboard.html')
    '대시보드를 만들었습니다'
}
