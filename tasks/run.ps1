# Runs SCRIPT WORD... as `-File SCRIPT WORD...` does. It is given SCRIPT .WORD...: the first character keeps -File
# from reading the words for this file. The exit code is the script's own, or that of the last program that it
# called. The errors go to the file that RHYTHM_ERRORS names (see powershell_errors.py).
#
# -File runs a script in the global scope: this one, and so the other in it. The one variable there that each has
# for itself is $args: what this one needs later is kept in it.
$args = & {
    $utf8 = [Text.UTF8Encoding]::new($false)
    try { [Console]::OutputEncoding = $utf8 } catch { $Error.Clear() } # a process without a console has none
    $global:OutputEncoding = $utf8

    # Words become parameters by the rules of -File: CollectPSArgs in PowerShell's CommandLineParameterParser.cs.
    $command = [Management.Automation.Runspaces.Command]::new($args[0], $false, $false)
    $dashes = [char[]](0x2D, 0x2013, 0x2014, 0x2015)
    $name = $null
    for ($number = 1; $number -lt $args.Length; $number++) {
        $word = $args[$number].Substring(1)
        $colon = $word.IndexOf(':')
        if ($name) {
            $command.Parameters.Add($name, $word)
            $name = $null
        } elseif ($word.Length -lt 2 -or $dashes -notcontains $word[0]) {
            $command.Parameters.Add([NullString]::Value, $word)
        } elseif ($colon -lt 0) {
            $command.Parameters.Add($word)
        } elseif ($colon -eq $word.Length - 1) {
            $name = $word.TrimEnd(':')
        } else {
            $value = $word.Substring($colon + 1)
            $truth = $false
            if ([bool]::TryParse(($value -replace '^\$'), [ref]$truth)) { $value = $truth }
            $command.Parameters.Add($word.Substring(0, $colon), $value)
        }
    }

    # The pipeline that -File runs: DoRunspaceInitialization in PowerShell's ConsoleHost.cs.
    $command.MergeMyResults('Error', 'Output')
    $pipeline = [runspace]::DefaultRunspace.CreateNestedPipeline()
    $pipeline.Commands.Add($command)
    $pipeline.Commands.Add('Out-Default')
    $pipeline, $env:RHYTHM_ERRORS
    $env:RHYTHM_ERRORS = $null
} @args

try { [void]$args[0].Invoke() } catch { } # the pipeline itself knows why it failed

& {
    # What the script chose for itself holds in the global scope, and so would here.
    Set-StrictMode -Off
    $ErrorActionPreference = 'Continue'

    $pipeline, $file = $args
    $code = $global:LASTEXITCODE -as [int]
    $failure = $pipeline.PipelineStateInfo.Reason
    $others = $Error.Where({ $_ -ne $failure -and $_.InvocationInfo.ScriptName -ne $PSCommandPath })
    $found = @(if ($failure) { $failure }) + $others
    $texts = foreach ($one in $found[0..19]) {
        $record = if ($one.ErrorRecord) { $one.ErrorRecord } else { $one }
        if ($record -is [Exception]) {
            $record = [Management.Automation.ErrorRecord]::new($record, 'NoErrorRecord', 'NotSpecified', $null)
        }
        if ($one -eq $failure) {
            $code = 1
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
    if ($file -and ($code -or $texts)) {
        $path = $pipeline.Commands[0].CommandText
        $syntax = [Management.Automation.Language.Parser]::ParseFile($path, [ref]$null, [ref]$null)
        $exits = $syntax.Find({ $args[0] -is [Management.Automation.Language.ExitStatementAst] }, $true)
        $cause = if ($failure) { 'error' } elseif ($code -and -not $exits) { 'program' } else { '' }
        [IO.File]::WriteAllText($file, ((@($cause) + $texts) -join [char]0x1E))
    }
    if ($code) { exit $code }
} @args
