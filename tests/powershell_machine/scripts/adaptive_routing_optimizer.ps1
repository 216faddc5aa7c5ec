# Chooses the backend that answers fastest.
. "$PSScriptRoot/diary.ps1"
Write-Diary {
    $trend = (Get-Content (Join-Path $env:DATA 'trends.json') -Raw | ConvertFrom-Json).trend
    $events = Get-Content (Join-Path $env:DATA 'events.jsonl') -Encoding utf8 | ConvertFrom-Json
    $best = $events | Where-Object backend | Group-Object backend |
        Sort-Object { ($_.Group | Measure-Object ms -Average).Average } | Select-Object -First 1
    @{ primary = $best.Name; trend = $trend } | ConvertTo-Json | Set-Content (Join-Path $env:DATA 'routing_policy.json')
    "primary: $($best.Name)"
}
