# Runs SCRIPT WORD... as `-File SCRIPT WORD...` does. It is given SCRIPT .WORD...: the first character keeps -File
# from reading the words for this file. The exit code is the script's own, or that of the last program that it
# called. The errors go to the file that RHYTHM_ERRORS names (see powershell_errors.py).
#
# -File runs a script in the global scope: this one, and so the other in it. $PSBoundParameters is the one variable
# that every script has for itself, so what this one needs is kept there.
#
# The first call of a method or of a block costs milliseconds: there are few of them where nothing fails.
$PSBoundParameters.Pipeline = [runspace]::DefaultRunspace.CreateNestedPipeline()
$PSBoundParameters.Command = [System.Management.Automation.Runspaces.Command]::new($args[0], $false, $false)
$PSBoundParameters.Given = $args
$PSBoundParameters.File = $env:RHYTHM_ERRORS
$env:RHYTHM_ERRORS = $env:DOTNET_TieredPGO = $null

# Before 7 it is ASCII. A process without a console has no encoding to set.
if (-not $IsCoreCLR) { $global:OutputEncoding = [Text.UTF8Encoding]::new($false) }
try { [Console]::OutputEncoding = $OutputEncoding } catch { $Error.Clear() }

# Tables and errors are cut at the console's width: 200 then. Where there is none, .NET asks for the terminal's, once;
# terminfo/r/rhythm is what tic makes of `rhythm|where PowerShell prints, cols#200,`.
if ($IsLinux -or $IsMacOS) {
    $args = $env:TERM, $env:TERMINFO
    $env:TERM, $env:TERMINFO = 'rhythm', "$PSScriptRoot/terminfo"
    [void][Console]::BufferWidth
    $env:TERM, $env:TERMINFO = $args
} else {
    try {
        $args = $Host.UI.RawUI.BufferSize
        $args.Width = [Math]::Max($args.Width, 200)
        $Host.UI.RawUI.BufferSize = $args
    } catch { $Error.Clear() }
}
$args = $null # a script with [CmdletBinding()] has none of its own, and would see these

# Words become parameters by the rules of -File: CollectPSArgs in PowerShell's CommandLineParameterParser.cs.
if ($PSBoundParameters.Given.Length -gt 1) { & {
    param($Pipeline, $Command, $Given, $File)
    $path, $words = $Given
    $parameters = $Command.Parameters
    $name = $null
    foreach ($word in $words) {
        $word = $word.Substring(1)
        $colon = $word.IndexOf(':')
        if ($name) {
            $parameters.Add($name, $word)
            $name = $null
        } elseif ($word.Length -lt 2 -or [int]$word[0] -notin 0x2D, 0x2013, 0x2014, 0x2015) { # dashes
            $parameters.Add([NullString]::Value, $word)
        } elseif ($colon -lt 0) {
            $parameters.Add($word)
        } elseif ($colon -eq $word.Length - 1) {
            $name = $word.TrimEnd(':')
        } else {
            $value = $word.Substring($colon + 1)
            $truth = $false
            if ([bool]::TryParse(($value -replace '^\$'), [ref]$truth)) { $value = $truth }
            $parameters.Add($word.Substring(0, $colon), $value)
        }
    }
} @PSBoundParameters }

# The pipeline that -File runs: DoRunspaceInitialization in PowerShell's ConsoleHost.cs.
$PSBoundParameters.Command.MergeMyResults(
    [System.Management.Automation.Runspaces.PipelineResultTypes]::Error,
    [System.Management.Automation.Runspaces.PipelineResultTypes]::Output
)
$PSBoundParameters.Pipeline.Commands.Add($PSBoundParameters.Command)
$PSBoundParameters.Pipeline.Commands.Add('Out-Default')
try { [void]$PSBoundParameters.Pipeline.Invoke() } catch { } # why it failed is known to the pipeline, and in $Error
try { $PSBoundParameters.Code = $global:LASTEXITCODE } catch { } # no program was called: in strict mode, an error

if ($Error -or $PSBoundParameters.Code) { & {
    param($Pipeline, $Command, $Given, $File, $Code)
    # What the script chose for itself holds in the global scope, and so would here.
    Set-StrictMode -Off
    $ErrorActionPreference = 'Continue'

    $exitCode = $Code -as [int]
    $failure = $Pipeline.PipelineStateInfo.Reason
    $others = $Error.Where({ $_ -ne $failure -and $_.InvocationInfo.ScriptName -ne $PSCommandPath })
    $found = @(if ($failure) { $failure }) + $others
    $texts = foreach ($one in $found[0..19]) {
        $record = if ($one.ErrorRecord) { $one.ErrorRecord } else { $one }
        if ($record -is [Exception]) {
            $record = [Management.Automation.ErrorRecord]::new($record, 'NoErrorRecord', 'NotSpecified', $null)
        }
        if ($one -eq $failure) {
            $exitCode = 1
            $lines = $record | Microsoft.PowerShell.Utility\Out-String -Stream
            foreach ($line in $lines) { $Host.UI.WriteErrorLine($line) }
        }
        $at = $record.InvocationInfo
        $message = if ($one.Errors) { $one.Errors[0].Message } else { $record }
        $type = "$($record.Exception.GetType()): $($record.FullyQualifiedErrorId)"
        $trace = @($record.ScriptStackTrace -split "`n").Where({ -not $_.Contains($PSCommandPath) }) -join "`n"
        $fields = $at.ScriptName, $at.ScriptLineNumber, $message, "$record`n$type`n$($at.PositionMessage)", $trace
        $fields -join [char]0x1F
    }
    if ($File -and ($exitCode -or $texts)) {
        $syntax = [Management.Automation.Language.Parser]::ParseFile($Given[0], [ref]$null, [ref]$null)
        $exits = $syntax.Find({ $args[0] -is [Management.Automation.Language.ExitStatementAst] }, $true)
        $cause = if ($failure) { 'error' } elseif ($exitCode -and -not $exits) { 'program' } else { '' }
        [IO.File]::WriteAllText($File, ((@($cause) + $texts) -join [char]0x1E))
    }
    if ($exitCode) { exit $exitCode }
} @PSBoundParameters }
