# Names processes that nobody waits for; with -DryRun that is all.
param([switch]$DryRun, [int]$Most = 5)
. "$PSScriptRoot/diary.ps1"
Write-Diary {
    if (-not $DryRun) { throw 'only -DryRun is allowed here' }
    $idle = @(Get-Process | Where-Object { $_.HasExited } | Select-Object -First $Most)
    "정리할 프로세스: $($idle.Count)"
}
