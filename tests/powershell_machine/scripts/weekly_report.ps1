# What happened how often, by kind.
param([int]$Days = 7)
. "$PSScriptRoot/diary.ps1"
Write-Diary {
    "최근 $Days 일"
    Get-Content (Join-Path $env:DATA 'events.jsonl') -Encoding utf8 | ConvertFrom-Json | Group-Object kind |
        ForEach-Object { "$($_.Name): $($_.Count)" }
}
