# Small scripts, each below a line with its name; test_powershell_file.py runs them.

## How it ends

#: nothing

#: exit 0
exit 0

#: exit 7
exit 7

#: exit 300
exit 300

#: exit -1
exit -1

#: exit without a number
'a'; exit

#: exit with null
exit $null

#: exit with a number in a string
exit '5'

#: exit with a text
exit 'five'; 'after'

#: exit after a program without a number
sh -c 'exit 0'; exit

#: exit 0 after a program that failed
sh -c 'exit 3'; exit 0

#: exit in a function
function f { exit 3 }; f; 'after'

#: exit in a dot-sourced function
. $PSScriptRoot/exits_in_function.ps1; Stop-Here; 'after'

#: exit in a script block
& { exit 4 }; 'after'

#: exit in a pipeline
1..3 | ForEach-Object { $_; if ($_ -eq 2) { exit 5 } }; 'after'

#: exit in finally
try { 'in try' } finally { exit 3 }

#: exit in finally after throw
try { throw 'x' } finally { exit 3 }

#: exit in catch
try { throw 'x' } catch { "caught $_"; exit 2 }

#: exit in trap
trap { 'trapped'; exit 8 }; throw 'x'

#: exit in a called script that says 0
& $PSScriptRoot/exits0.ps1; 'after'

#: exit in process
begin { 'b' } process { exit 6 } end { 'e' }

#: exit with strict mode, stop, and variables of all names
Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'; $pipeline = $file = $code = $failure = $command = $name = $args = $found = 1; exit 4

#: SetShouldExit
$host.SetShouldExit(6); 'goes on'

#: SetShouldExit and throw
$host.SetShouldExit(6); throw 'x'

#: [Environment]::Exit
'a'; [Environment]::Exit(4)

#: return
'a'; return 5; 'b'

#: break
'a'; break; 'b'

#: continue
'a'; continue; 'b'

#: a global LASTEXITCODE of no number
$global:LASTEXITCODE = 'text'

## Errors

#: throw
throw 'broken'

#: throw with nothing
throw

#: throw an object
throw @{ code = 5 }

#: throw an exception
throw [IO.FileNotFoundException]::new('gone')

#: throw a class of its own
class Oops : Exception { Oops([string]$m) : base($m) {} }; throw [Oops]::new('my own')

#: throw that it was stopped
'a'; throw [System.Management.Automation.PipelineStoppedException]::new()

#: throw several lines
throw "one`ntwo"

#: throw in a function
function f { [CmdletBinding()]param() throw 'in f' }

f

#: throw with strict mode
Set-StrictMode -Version Latest; throw 'x'

#: throw where errors are silent
$ErrorActionPreference = 'SilentlyContinue'; throw 'x'; 'after'

#: throw in another view
$ErrorView = 'NormalView'; throw 'x'

#: rethrow
try { 1 / 0 } catch { throw }

#: trap and continue
trap { "trapped: $_"; continue }; throw 'x'; 'after'

#: trap and break
trap { 'trapped'; break }; throw 'x'; 'after'

#: an error in finally
try { 'a' } finally { throw 'f' }

#: Write-Error
Write-Error 'bad thing'; 'after'

#: Write-Error in a function
function f { Write-Error 'bad thing' }
f
'after'

#: Write-Error with stop
$ErrorActionPreference = 'Stop'; Write-Error 'bad thing'; 'after'

#: Write-Error, silent
$ErrorActionPreference = 'SilentlyContinue'; Write-Error 'bad'; "$($Error.Count)"

#: Write-Error, ignored
Write-Error 'bad' -ErrorAction Ignore; "$($Error.Count)"

#: Write-Error, inquired
$ErrorActionPreference = 'Inquire'; Write-Error 'bad'; 'after'

#: a missing path
Get-Item nope; 'after'

#: a missing path with stop
Get-Item nope -ErrorAction Stop; 'after'

#: division by zero
1 / 0; 'after'

#: division by zero with stop
$ErrorActionPreference = 'Stop'; 1 / 0; 'after'

#: a method's exception
[int]::Parse('x'); 'after'

#: a method's exception with stop
$ErrorActionPreference = 'Stop'; [int]::Parse('x'); 'after'

#: a conversion that fails
[int]'x'; 'after'

#: an unknown command
No-SuchCommand; 'after'

#: a parse error
if ($x { 'oops'

#: a parse error late
'never printed'

foreach ($x in 1) { $y = }

#: two parse errors
function { }
$a = = 1

#: requires a version
#requires -Version 99
'never'

#: requires a module
#requires -Modules NoSuchModule
'never'

#: requires an edition
#requires -PSEdition Desktop
'never'

#: imports a missing module
Import-Module NoSuchModule; 'after'

#: uses a missing module
using module NoSuchModule
'after'

#: uses a broken module
using module ./broken.psm1
'after'

#: imports a broken module
Import-Module $PSScriptRoot/broken.psm1; 'after'

#: a missing mandatory parameter
param([Parameter(Mandatory)]$Name) 'never'

#: errors first, and the record at the end
Get-Item nope; "$($Error[0].InvocationInfo.ScriptLineNumber)"

## What it sees

#: its variables
(Get-Variable | ForEach-Object Name | Sort-Object) -join ' '

#: its scope is the global one
Get-Variable x -Scope 1; $x = 1; function f { $global:x; Get-Variable x -Scope 1 }; f

#: args where CmdletBinding leaves none
[CmdletBinding()]param()
function f { [CmdletBinding()]param() "f [$args] $(@($args).Count)" }
"[$args] $($null -eq $args)"; f; foreach ($one in $args) { 'one' }; $PSCmdlet.GetType().Name

#: the parameters it is bound to
param($A, $B) "$($PSBoundParameters.Count)"; & { $PSBoundParameters.Count }; 1 | Where-Object { $PSBoundParameters.Count -eq 0 }
function f { $PSBoundParameters.Count; $MyInvocation.BoundParameters.Count }; f; [bool]$PSCmdlet

#: its functions and aliases
(Get-ChildItem function: | ForEach-Object Name | Sort-Object) -join ' '; (Get-Alias).Count

#: its environment
(Get-ChildItem env: | ForEach-Object Name | Sort-Object | Where-Object { $_ -ne '_' }) -join ' '

#: what PowerShell is set to
$?; $Error.Count; "[$LASTEXITCODE]"; $OutputEncoding.WebName; [Console]::OutputEncoding.WebName
$PSStyle.OutputRendering; $ErrorActionPreference; $ProgressPreference; $PSDefaultParameterValues.Count
$Host.UI.RawUI.BufferSize.Width
$Host.Name; (Get-History).Count; (Get-Module).Name; $PSCulture

#: LASTEXITCODE in strict mode
Set-StrictMode -Version Latest; $LASTEXITCODE; 'after'

#: where it is
$PSScriptRoot; $PSCommandPath; (Get-Location).Path; $PROFILE; $MyInvocation.MyCommand.Path

#: how it was called
$i = $MyInvocation; $i.InvocationName; $i.Line; $i.ScriptName; $i.PipelineLength; $i.ExpectingInput
$i.MyCommand.Name; $i.MyCommand.CommandType; $i.BoundParameters.Count; $i.UnboundArguments.Count

#: removes all variables
$x = 1; Remove-Variable * -ErrorAction SilentlyContinue; "[$x]"; exit 3

#: its modules
using module ./tools.psm1
Get-Tool; [Tool]::new().Name

#: its modules read globals
Import-Module $PSScriptRoot/reads_a_global.psm1; $setByTheScript = 'seen'; Get-Global

#: dot-sources
. ./functions.ps1; Get-Seven; $fromFunctions

#: its folder
Set-Location /; (Get-Location).Path; Test-Path $PSScriptRoot/functions.ps1

#: culture
[Threading.Thread]::CurrentThread.CurrentCulture = 'ko-KR'; (Get-Date 2026-03-01).ToString('dddd'); 1.5

## What it reads

#: input
"[$input]"; @($input).Count

#: standard input
"[$([Console]::In.ReadToEnd())]"

#: Read-Host
$x = Read-Host 'Name'; "after [$x]"

#: asks for a credential
Get-Credential; 'after'

#: asks for confirmation
Remove-Item ./functions.ps1 -Confirm; 'after'

## What it prints

#: an object
[pscustomobject]@{ Name = 'a'; Length = 5 }

#: objects of two kinds
[pscustomobject]@{ A = 1 }; Get-Item ./tools.psm1 | Select-Object Name, Length; @{ k = 'v' }

#: a list
Get-Item ./tools.psm1 | Format-List Name, Extension

#: a wide table
[pscustomobject]@{ Name = 'a' * 60; Other = 'b' * 60 }

#: objects, texts, errors and the host in turn
'text'; [pscustomobject]@{ A = 1 }
Write-Host 'host'
Write-Error 'bad'; [pscustomobject]@{ A = 2 }; 'end'

#: nothing, arrays and numbers
$null; @(); 1, (2, 3); 1.5; $true; ''; ' '; [char]65

#: a long line
'x' * 9000

#: all streams
$VerbosePreference = $DebugPreference = $InformationPreference = 'Continue'
Write-Verbose 'v'
Write-Debug 'd'
Write-Information 'i'
Write-Warning 'w'
Write-Host 'h' -ForegroundColor Red

#: warnings as errors
$WarningPreference = 'Stop'; Write-Warning 'w'; 'after'

#: progress
1..3 | ForEach-Object { Write-Progress 'working' -PercentComplete $_ }; 'done'

#: the console
[Console]::WriteLine('out'); [Console]::Error.WriteLine('err'); 'end'

#: a program's streams
sh -c 'echo out; echo err >&2'; 'end'

#: a program's error stream merged
sh -c 'echo err >&2' 2>&1 | ForEach-Object { "got $_" }

#: a program that is not there
& ./no-such-program; 'after'

#: colours
"$($PSStyle.Foreground.Red)red$($PSStyle.Reset)"; Write-Host 'x' -BackgroundColor Blue

#: Korean
'한글'; Write-Host '한글'; Write-Error '한글'; sh -c 'echo 한글'

#: a transcript
$null = Start-Transcript /dev/null; 'a'; Stop-Transcript | Out-Null

#: tracing
Set-PSDebug -Trace 1
$x = 1
Set-PSDebug -Off

## What it starts

#: a job
Start-Job { 'in the job' } | Receive-Job -Wait -AutoRemoveJob

#: a failing thread job
Start-ThreadJob { throw 'in the job' } | Receive-Job -Wait; 'after'

#: a runspace
$p = [powershell]::Create(); $p.AddScript('6 * 7').Invoke(); $p.Dispose()

#: Start-Process
Start-Process sh '-c', 'exit 4' -Wait; 'after'

#: an event's action
$count = 0
$timer = [Timers.Timer]::new(10); $null = Register-ObjectEvent $timer Elapsed -Action { $global:count++ }
$timer.Start()
while ($count -lt 2) { Start-Sleep -Milliseconds 20 }
$timer.Stop(); 'counted'

#: an action at the end
$null = Register-EngineEvent PowerShell.Exiting -Action { Write-Host 'bye' }; 'a'

#: a failing native program as an error
$PSNativeCommandUseErrorActionPreference = $true; sh -c 'exit 0'; 'a'

#: a nested pipeline of its own
$p = [runspace]::DefaultRunspace.CreateNestedPipeline('1 + 1', $false); $p.Invoke(); 'after'

#: keeps modules from being found
$env:PSModulePath = '/nowhere'; throw 'x'

#: keeps modules from being loaded
$PSModuleAutoLoadingPreference = 'None'; throw 'x'

#: keeps itself from .NET
$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; 'printed'; Write-Error 'x'; exit 3

#: keeps itself from .NET and does not exit
$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; Write-Error 'x'

#: makes constants for all scopes
New-Variable exitCode 1 -Option AllScope, Constant -Scope Global; New-Variable File 1 -Option AllScope, Constant -Scope Global; exit 4

#: calls a text an error
$Error.Add('text'); exit 3

#: has a Set-StrictMode of its own
function Set-StrictMode { 'mine' }; Write-Error 'x'

#: clears the screen
Clear-Host; 'done'
