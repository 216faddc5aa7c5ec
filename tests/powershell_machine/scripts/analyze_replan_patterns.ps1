# How often were plans made again, and why?
. "$PSScriptRoot/diary.ps1"
Write-Diary {
    Get-Content (Join-Path $env:DATA 'events.jsonl') -Encoding utf8 | ConvertFrom-Json |
        Where-Object kind -eq 'replan' | Group-Object why | ForEach-Object { "$($_.Name): $($_.Count)번" }
}
