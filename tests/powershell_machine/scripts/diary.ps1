# What diary.py is for the other scripts: writes down when a script begins, and when it has ended without an error.
function Write-Diary([scriptblock]$Work) {
    $who = [IO.Path]::GetFileNameWithoutExtension($MyInvocation.ScriptName)
    Write-Line $who begin
    & $Work
    Write-Line $who end
}

function Write-Line([string]$Who, [string]$What) {
    $now = [DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds() / 1000
    [IO.File]::AppendAllText((Join-Path $env:DATA diary.txt), "$now $Who $What`n")
}
