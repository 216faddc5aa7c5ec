# Reads scripts by PowerShell's own parser, without running them, and answers for each with a line of JSON.
# Given are two files: one with a JSON list of the scripts' paths, and the one that is to take the answer.
param($List, $Answer)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

# A constant as it is; null for anything else.
function Get-Constant($Ast) {
    try { $value = $Ast.SafeGetValue() } catch { return $null }
    if ($value -is [string] -or $value -is [int] -or $value -is [bool]) { $value } else { $null }
}

function Get-Attribute($Asts) {
    foreach ($one in $Asts) {
        if ($one -isnot [System.Management.Automation.Language.AttributeAst]) { continue }
        $named = @{}
        foreach ($argument in $one.NamedArguments) {
            $named[$argument.ArgumentName] = if ($argument.ExpressionOmitted) { $true } else { Get-Constant $argument.Argument }
        }
        $values = foreach ($argument in $one.PositionalArguments) { , (Get-Constant $argument) }
        @{ name = $one.TypeName.FullName; values = @($values); named = $named }
    }
}

function Get-Block($Ast) {
    if (-not $Ast.ParamBlock) { return @{ attributes = @(); declared = @() } }
    $declared = foreach ($one in $Ast.ParamBlock.Parameters) {
        $types = $one.Attributes.Where({ $_ -is [System.Management.Automation.Language.TypeConstraintAst] })
        @{
            name = $one.Name.VariablePath.UserPath
            attributes = @(Get-Attribute $one.Attributes)
            types = @($types.ForEach({ $_.TypeName.FullName }))
        }
    }
    @{ attributes = @(Get-Attribute $Ast.ParamBlock.Attributes); declared = @($declared) }
}

function Test-Elevation {
    if ($PSVersionTable.PSVersion.Major -ge 6) { return [Environment]::IsPrivilegedProcess }
    $user = [Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()
    $user.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

# What a script requires and this machine does not have, by the name of the parameter of #requires.
function Get-Unmet($Requirements) {
    if (-not $Requirements) { return }
    $version = $Requirements.RequiredPSVersion
    if ($version -and $version -gt $PSVersionTable.PSVersion) { @{ name = 'Version'; wanted = "$version" } }
    $editions = $Requirements.RequiredPSEditions
    if ($editions -and $editions -notcontains $PSVersionTable.PSEdition) {
        @{ name = 'PSEdition'; wanted = $editions -join ', ' }
    }
    if ($Requirements.IsElevationRequired -and -not (Test-Elevation)) { @{ name = 'RunAsAdministrator'; wanted = '' } }
    foreach ($module in $Requirements.RequiredModules) {
        $options = @{ ListAvailable = $true; FullyQualifiedName = $module; ErrorAction = 'SilentlyContinue' }
        # One for Windows PowerShell alone is loaded by way of that.
        if ($PSVersionTable.PSVersion.Major -ge 6) { $options.SkipEditionCheck = $true }
        if (-not (Get-Module @options)) { @{ name = 'Modules'; wanted = "$module" } }
    }
}

$lines = foreach ($path in ([IO.File]::ReadAllText($List) | ConvertFrom-Json)) {
    $tokens = $errors = $null
    try {
        $ast = [System.Management.Automation.Language.Parser]::ParseFile($path, [ref]$tokens, [ref]$errors)
        if ($errors.Where({ $_.ErrorId -eq 'FileReadError' })) { throw $errors[0].Message }
        $unmet = foreach ($one in Get-Unmet $ast.ScriptRequirements) {
            $pattern = "^#requires\b.*-$($one.name.Substring(0, 1))"
            $comments = $tokens.Where({ $_.Kind -eq 'Comment' -and $_.Text -match $pattern })
            $one.line = if ($comments) { $comments[0].Extent.StartLineNumber } else { 1 }
            $one
        }
        $found = @{
            errors = @($errors.ForEach({ @{ line = $_.Extent.StartLineNumber; text = $_.Message } }))
            unmet = @($unmet)
            block = Get-Block $ast
            dynamic = $null -ne $ast.DynamicParamBlock
        }
    } catch {
        $found = @{ failed = "$_" }
    }
    ConvertTo-Json -InputObject $found -Depth 8 -Compress
}
[IO.File]::WriteAllLines($Answer, [string[]](@($PSVersionTable.PSVersion.Major) + @($lines)))
