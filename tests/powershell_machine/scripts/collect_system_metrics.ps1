# What the machine is, as a table.
. "$PSScriptRoot/diary.ps1"
Write-Diary {
    [pscustomobject]@{ Processors = [Environment]::ProcessorCount; PowerShell = "$($PSVersionTable.PSVersion)" } |
        Export-Csv (Join-Path $env:DATA 'system.csv') -NoTypeInformation -Append
    Import-Csv (Join-Path $env:DATA 'system.csv') | Select-Object -Last 1 | Format-List
}
