# Runs scripts that register tasks, each in a session of its own, with recorders in the place of what registers;
# writes as JSON what each of them would have registered, and the errors that it met.
# `-Scripts` is JSON: a list of objects with a path and the parameters to give; `-Out` the file to be written.
param([string]$Scripts, [string]$Out)

Add-Type -TypeDefinition @'
public class Identity { public static Identity GetCurrent() { return new Identity(); } }
public enum Role { Administrator }
public class Principal { public Principal(Identity of) { } public bool IsInRole(Role role) { return true; } }
'@
# A name that scripts write comes to these, as Windows' own types are not there.
$names = [psobject].Assembly.GetType('System.Management.Automation.TypeAccelerators')
$names::Add('Security.Principal.WindowsIdentity', [Identity])
$names::Add('Security.Principal.WindowsPrincipal', [Principal])
$names::Add('Security.Principal.WindowsBuiltInRole', [Role])

$recorded = foreach ($script in Get-Content $Scripts -Raw | ConvertFrom-Json -AsHashtable) {
    $env:RECORDED = "$Out.commands"
    Set-Content $env:RECORDED '' -NoNewline
    $session = [initialsessionstate]::CreateDefault()
    $session.ImportPSModule("$PSScriptRoot/ScheduledTasks.psm1")
    # The command lines of Windows PowerShell, which most such scripts were written for.
    $session.Variables.Add([Management.Automation.Runspaces.SessionStateVariableEntry]::new(
            'PSNativeCommandArgumentPassing', 'Legacy', ''))
    $shell = [powershell]::Create($session)
    foreach ($drive in 'C', 'D') {
        [void]$shell.AddCommand('New-PSDrive').AddParameters(@{ Name = $drive; PSProvider = 'FileSystem'; Root = '/' })
        [void]$shell.AddParameter('Scope', 'Global').AddStatement()
    }
    [void]$shell.AddCommand($script.path).AddParameters($script.parameters)
    $ended = ''
    try { [void]$shell.Invoke() } catch { $ended = "$($_.Exception.InnerException.Message)" }
    $errors = @($shell.Streams.Error | ForEach-Object { "$_" })
    $shell.Commands.Clear()
    $tasks = $shell.AddCommand('Get-Recorded').Invoke()[0]
    @{
        path = $script.path; tasks = $tasks; ended = $ended; errors = $errors
        commands = @(Get-Content $env:RECORDED | ConvertFrom-Json -NoEnumerate)
    }
    $shell.Dispose()
}
ConvertTo-Json @($recorded) -Depth 8 | Set-Content $Out
