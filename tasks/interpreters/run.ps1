# Runs SCRIPT WORD... as `-File SCRIPT WORD...` does. It is given SCRIPT .WORD...: the first character keeps -File
# from reading the words for this file. The exit code is the script's own, or that of the last program that it
# called. The errors go to the file that RHYTHM_ERRORS names (see powershell_errors.py).
#
# -File runs a script in the global scope: this one, and so the other in it. $PSBoundParameters is the one variable
# that every script has for itself, so what this one needs is kept there.
#
# The first call of a method or of a block costs milliseconds: there are few of them where nothing fails.

try {
    $PSBoundParameters.Pipeline = [runspace]::DefaultRunspace.CreateNestedPipeline()
} catch {
    # A policy keeps scripts from .NET (AppLocker, App Control for Business): -File itself has to do.
    $path, $words = $args
    $words = @(foreach ($word in $words) { $word.Substring(1) })
    $options = '-NoLogo', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File'
    & (Get-Process -Id $PID).Path @options $path @words
    exit $LASTEXITCODE
}
$PSBoundParameters.Command = [System.Management.Automation.Runspaces.Command]::new($args[0], $false, $false)
$PSBoundParameters.Given = $args
$PSBoundParameters.File = $env:RHYTHM_ERRORS
$PSBoundParameters.Code = 0
$env:RHYTHM_ERRORS = $env:DOTNET_TieredPGO = $null

# Before 7 it is ASCII. A process without a console has no encoding to set.
if (-not $IsCoreCLR) { $global:OutputEncoding = [Text.UTF8Encoding]::new($false) }
try { [Console]::OutputEncoding = $OutputEncoding } catch { $Error.Clear() }

# Tables and errors are cut at the console's width. Elsewhere than on Windows it is the terminal's (powershell.py).
if (-not $IsLinux -and -not $IsMacOS) {
    try {
        $args = $Host.UI.RawUI.BufferSize
        $args.Width = [Math]::Max($args.Width, 200)
        $Host.UI.RawUI.BufferSize = $args
    } catch { $Error.Clear() }
}
$args = $null # a script with [CmdletBinding()] has none of its own, and would see these

# Words become parameters by the rules of -File: CollectPSArgs in PowerShell's CommandLineParameterParser.cs.
if ($PSBoundParameters.Given.Length -gt 1) { & {
    param($Pipeline, $Command, $Given)
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
$PSBoundParameters.Command.MergeMyResults('Error', 'Output')
$PSBoundParameters.Pipeline.Commands.Add($PSBoundParameters.Command)
$PSBoundParameters.Pipeline.Commands.Add('Out-Default')
try { [void]$PSBoundParameters.Pipeline.Invoke() } catch { } # why it failed is known to the pipeline, and in $Error
try { $PSBoundParameters.Code = $global:LASTEXITCODE } catch { } # no program was called: in strict mode, an error

# This only reports: what the script has left behind (constants, a language mode, odd errors) may keep it from that,
# and must not change how the script has ended.
if ($Error -or $PSBoundParameters.Code) { try { & {
    param($Pipeline, $Command, $Given, $File, $Code)
    # What the script chose for itself holds in the global scope, and so would here.
    Microsoft.PowerShell.Core\Set-StrictMode -Off
    $ErrorActionPreference = 'Continue'

    # What was caught here is no error of the script, and DetailedView shows whatever is the newest. Errors in its
    # classes' methods have this place too (PowerShell takes the outermost script for theirs), but more frames.
    foreach ($one in $Error.Where({ $_.InvocationInfo.ScriptName -eq $PSCommandPath })) {
        if ("$($one.ScriptStackTrace)" -notmatch "`n") { $Error.Remove($one) }
    }
    $failure = if ("$($Pipeline.PipelineStateInfo.State)" -eq 'Failed') { $Pipeline.PipelineStateInfo.Reason }
    $found = @(if ($failure) { $failure }) + $Error.Where({ $_ -ne $failure })
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
        $at = if ($record.InvocationInfo.ScriptName -ne $PSCommandPath) { $record.InvocationInfo }
        $parsing = @($one, $record.Exception).Where({ $_ -is [Management.Automation.ParseException] -and $_.Errors })
        $message = if ($parsing) { $parsing[0].Errors[0].Message } else { $record }
        $type = "$($record.Exception.GetType()): $($record.FullyQualifiedErrorId)"
        $trace = @($record.ScriptStackTrace -split "`n").Where({ -not $_.Contains($PSCommandPath) }) -join "`n"
        $fields = $at.ScriptName, $at.ScriptLineNumber, $message, "$record`n$type`n$($at.PositionMessage)", $trace
        ($fields -replace '[\x1E\x1F]') -join [char]0x1F
    }
    if ($File -and ($failure -or $Code -or $texts)) {
        $syntax = [Management.Automation.Language.Parser]::ParseFile($Given[0], [ref]$null, [ref]$null)
        $exits = $syntax.Find({ $args[0] -is [Management.Automation.Language.ExitStatementAst] }, $true)
        $cause = if ($failure) { 'error' } elseif ($Code -and -not $exits) { 'program' } else { '' }
        [IO.File]::WriteAllText($File, ((@($cause) + $texts) -join [char]0x1E))
    }
} @PSBoundParameters } catch { } }
if ("$($PSBoundParameters.Pipeline.PipelineStateInfo.State)" -eq 'Failed') { exit 1 }
if ($PSBoundParameters.Code -as [int]) { exit ($PSBoundParameters.Code -as [int]) }
