# Gives scripts their arguments as `-File` does, and answers how that went: an empty line, or the error's id.
# Given are two files: one with a JSON list of cases (a path, and words), and the one that is to take the answers.
param($List, $Answer)

$dashes = [char[]](0x2D, 0x2013, 0x2014, 0x2015)

# CollectPSArgs in PowerShell's CommandLineParameterParser.cs.
function Get-BoundCommand($Path, $Words) {
    $command = [Management.Automation.Runspaces.Command]::new($Path, $false, $false)
    $name = $null
    foreach ($word in $Words) {
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
    $command
}

$answers = foreach ($case in ([IO.File]::ReadAllText($List) | ConvertFrom-Json)) {
    $pipeline = [runspace]::DefaultRunspace.CreateNestedPipeline()
    $pipeline.Commands.Add((Get-BoundCommand $case.path $case.words))
    try { $null = $pipeline.Invoke() } catch { }
    $reason = $pipeline.PipelineStateInfo.Reason
    if (-not $reason) { '' }
    elseif ($reason -is [Management.Automation.ParameterBindingException]) { $reason.ErrorRecord.FullyQualifiedErrorId -replace ',.*' }
    else { "not of binding: $($reason.Message)" }
    $pipeline.Dispose()
}
[IO.File]::WriteAllLines($Answer, [string[]]@($answers))
