# Leaves a heartbeat, and looks how old the last one is.
. "$PSScriptRoot/diary.ps1"
Write-Diary {
    $file = Join-Path $env:DATA 'heartbeat.txt'
    if (Test-Path $file) { "last beat: $((Get-Item $file).LastWriteTimeUtc.ToString('u'))" }
    Set-Content $file ([DateTime]::UtcNow.ToString('o'))
}
