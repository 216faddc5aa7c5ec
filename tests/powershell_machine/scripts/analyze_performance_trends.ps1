# Compares the last benchmark with those before it.
. "$PSScriptRoot/diary.ps1"
Write-Diary {
    $runs = @(Get-Content (Join-Path $env:DATA 'benchmark.jsonl') | ConvertFrom-Json)
    $mean = ($runs | Measure-Object mean_ms -Average).Average
    $trend = if ($runs[-1].mean_ms -gt 1.05 * $mean) { 'up' } else { 'stable' }
    @{ trend = $trend; mean_ms = $mean } | ConvertTo-Json | Set-Content (Join-Path $env:DATA 'trends.json')
    "추세: $($runs.Count)개의 측정"
}
