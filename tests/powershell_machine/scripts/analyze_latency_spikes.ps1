# Answers that took longer than a second, by backend.
param([int]$ThresholdMs = 1000)
. "$PSScriptRoot/diary.ps1"
Write-Diary {
    $events = Get-Content (Join-Path $env:DATA 'events.jsonl') -Encoding utf8 | ConvertFrom-Json
    $spikes = @($events | Where-Object { $_.ms -gt $ThresholdMs })
    "급증 $($spikes.Count)건: $($spikes.backend -join ', ')"
}
