# Times a piece of work five times, and keeps how long it took.
. "$PSScriptRoot/diary.ps1"
Write-Diary {
    $times = 1..5 | ForEach-Object { (Measure-Command { 1..200 | ForEach-Object { [Math]::Sqrt($_) } }).TotalMilliseconds }
    $mean = ($times | Measure-Object -Average).Average
    @{ mean_ms = [Math]::Round($mean, 2); runs = $times.Count } | ConvertTo-Json -Compress |
        Out-File (Join-Path $env:DATA 'benchmark.jsonl') -Append -Encoding utf8
    "runs: $($times.Count)"
}
