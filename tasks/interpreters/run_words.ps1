# Gives a command the words of run.ps1, by the rules of -File: CollectPSArgs in PowerShell's
# CommandLineParameterParser.cs.
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
