# Runs SCRIPT WORD... as `-File SCRIPT WORD...` does. It is given SCRIPT .WORD...: the first character keeps -File
# from reading the words for this file. The exit code is the script's own, or that of the last program that it
# called. The errors go to the file that RHYTHM_ERRORS names (see powershell_errors.py).
#
# -File runs a script in the global scope: this one, and so the other in it. $PSBoundParameters is the one variable
# that every script has for itself, so what this one needs is kept there.
#
# The first call of a method or of a block costs milliseconds, and so does reading more lines: where nothing fails
# and no words are given, there are few of them.

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
$PSBoundParameters.Report = "$PSScriptRoot/run_report.ps1" # the script may have a $PSScriptRoot of its own
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

if ($PSBoundParameters.Given.Length -gt 1) { & "$PSScriptRoot/run_words.ps1" @PSBoundParameters }

# The pipeline that -File runs: DoRunspaceInitialization in PowerShell's ConsoleHost.cs.
$PSBoundParameters.Command.MergeMyResults('Error', 'Output')
$PSBoundParameters.Pipeline.Commands.Add($PSBoundParameters.Command)
$PSBoundParameters.Pipeline.Commands.Add('Out-Default')
try { [void]$PSBoundParameters.Pipeline.Invoke() } catch { } # why it failed is known to the pipeline, and in $Error
try { $PSBoundParameters.Code = $global:LASTEXITCODE } catch { } # no program was called: in strict mode, an error

# This only reports: what the script has left behind (constants, a language mode, odd errors) may keep it from that,
# and must not change how the script has ended.
if ($Error -or $PSBoundParameters.Code) { try { & $PSBoundParameters.Report @PSBoundParameters } catch { } }
if ($PSBoundParameters.Pipeline.PipelineStateInfo.Reason) { exit 1 }
if ($PSBoundParameters.Code -as [int]) { exit ($PSBoundParameters.Code -as [int]) }
