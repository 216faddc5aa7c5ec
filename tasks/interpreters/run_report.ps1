# Says what failed as -File does, and writes the errors of run.ps1's script into a file (see powershell_errors.py).
param($Pipeline, $Command, $Given, $File, $Code)
# What the script chose for itself holds in the global scope, and so would here.
Microsoft.PowerShell.Core\Set-StrictMode -Off
$ErrorActionPreference = 'Continue'

$failure = $Pipeline.PipelineStateInfo.Reason
$others = $Error.Where({ $_ -ne $failure -and -not "$($_.InvocationInfo.ScriptName)".StartsWith($PSScriptRoot) })
$found = @(if ($failure) { $failure }) + $others
$texts = foreach ($one in $found[0..19]) {
    $record = if ($one.ErrorRecord) { $one.ErrorRecord } else { $one }
    if ($record -isnot [Management.Automation.ErrorRecord]) {
        $exception = if ($record -is [Exception]) { $record } else { [Exception]::new("$record") }
        $record = [Management.Automation.ErrorRecord]::new($exception, 'NoErrorRecord', 'NotSpecified', $null)
    }
    if ($one -eq $failure) {
        # By its path, as the script may have kept PowerShell from finding modules.
        Microsoft.PowerShell.Core\Import-Module "$PSHOME/Modules/Microsoft.PowerShell.Utility"
        $lines = $record | Microsoft.PowerShell.Utility\Out-String -Stream
        foreach ($line in $lines) { $Host.UI.WriteErrorLine($line) }
    }
    $at = $record.InvocationInfo
    $message = if ($one.Errors) { $one.Errors[0].Message } else { $record }
    $type = "$($record.Exception.GetType()): $($record.FullyQualifiedErrorId)"
    $trace = @($record.ScriptStackTrace -split "`n").Where({ -not $_.Contains($PSScriptRoot) }) -join "`n"
    $fields = $at.ScriptName, $at.ScriptLineNumber, $message, "$record`n$type`n$($at.PositionMessage)", $trace
    ($fields -replace '[\x1E\x1F]') -join [char]0x1F
}
if ($File -and ($failure -or $Code -or $texts)) {
    $syntax = [Management.Automation.Language.Parser]::ParseFile($Given[0], [ref]$null, [ref]$null)
    $exits = $syntax.Find({ $args[0] -is [Management.Automation.Language.ExitStatementAst] }, $true)
    $cause = if ($failure) { 'error' } elseif ($Code -and -not $exits) { 'program' } else { '' }
    [IO.File]::WriteAllText($File, ((@($cause) + $texts) -join [char]0x1E))
}
