# Runs the script that RHYTHM_SCRIPT names, with the words that this file is given: what it prints is
# UTF-8, and the exit code of the last program that it has called becomes its own, as cmd and sh have it.
# An error that nobody catches ends this file as well, with exit code 1.
$OutputEncoding = New-Object System.Text.UTF8Encoding $false
try { [Console]::OutputEncoding = $OutputEncoding } catch { Write-Verbose 'there is no console' }
$global:LASTEXITCODE = 0
& $env:RHYTHM_SCRIPT @args
exit $global:LASTEXITCODE
