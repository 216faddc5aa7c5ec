# Windows' ScheduledTasks module as far as scripts that register tasks use it: the same names, parameters and
# parameter sets, by Microsoft's reference. What would be registered is kept, and nothing is registered.

# With seconds that nobody writes: a start boundary that has them was computed from now.
$script:now = [datetime]'2031-03-04T05:06:07'
$script:tasks = [ordered]@{}

function Get-Date {
    if ($args) { return Microsoft.PowerShell.Utility\Get-Date @args }
    $script:now
}

function duration([timespan]$span) { [Xml.XmlConvert]::ToString($span) }
function boundary([datetime]$time) { $time.ToString('s') }

function New-ScheduledTaskAction {
    [CmdletBinding(PositionalBinding = $false)]
    param(
        [Parameter(Mandatory, Position = 0)][ValidateNotNullOrEmpty()][string]$Execute,
        [Parameter(Position = 1)][ValidateNotNullOrEmpty()][string]$Argument,
        [Parameter(Position = 2)][ValidateNotNullOrEmpty()][string]$WorkingDirectory,
        [string]$Id
    )
    [pscustomobject]@{ Execute = $Execute; Arguments = $Argument; WorkingDirectory = $WorkingDirectory }
}

function New-ScheduledTaskTrigger {
    [CmdletBinding(DefaultParameterSetName = 'Once', PositionalBinding = $false)]
    param(
        [Parameter(ParameterSetName = 'Once', Mandatory)][switch]$Once,
        [Parameter(ParameterSetName = 'Once')][timespan]$RepetitionInterval,
        [Parameter(ParameterSetName = 'Once')][timespan]$RepetitionDuration,
        [Parameter(ParameterSetName = 'Daily', Mandatory)][switch]$Daily,
        [Parameter(ParameterSetName = 'Daily')][uint32]$DaysInterval = 1,
        [Parameter(ParameterSetName = 'Weekly', Mandatory)][switch]$Weekly,
        [Parameter(ParameterSetName = 'Weekly')][uint32]$WeeksInterval = 1,
        [Parameter(ParameterSetName = 'Weekly', Mandatory)][DayOfWeek[]]$DaysOfWeek,
        [Parameter(ParameterSetName = 'AtStartup', Mandatory)][switch]$AtStartup,
        [Parameter(ParameterSetName = 'AtLogOn', Mandatory)][switch]$AtLogOn,
        [Parameter(ParameterSetName = 'AtLogOn')][string]$User,
        [Parameter(ParameterSetName = 'Once', Mandatory)]
        [Parameter(ParameterSetName = 'Daily', Mandatory)]
        [Parameter(ParameterSetName = 'Weekly', Mandatory)][datetime]$At,
        [timespan]$RandomDelay
    )
    $trigger = [pscustomobject]@{
        Kind = $PSCmdlet.ParameterSetName; Enabled = $true; StartBoundary = $null; Repetition = $null
        Delay = $null; RandomDelay = $null; DaysInterval = $DaysInterval; WeeksInterval = $WeeksInterval
        DaysOfWeek = [string[]]$DaysOfWeek
    }
    if ($At) { $trigger.StartBoundary = boundary $At }
    if ($RepetitionInterval) {
        $trigger.Repetition = [pscustomobject]@{ Interval = duration $RepetitionInterval; Duration = $null }
        if ($RepetitionDuration) { $trigger.Repetition.Duration = duration $RepetitionDuration }
    }
    if ($RandomDelay) { $trigger.RandomDelay = duration $RandomDelay }
    $trigger
}

function New-ScheduledTaskSettingsSet {
    [CmdletBinding(PositionalBinding = $false)]
    param(
        [switch]$AllowStartIfOnBatteries, [switch]$DontStopIfGoingOnBatteries, [switch]$StartWhenAvailable,
        [switch]$RunOnlyIfNetworkAvailable, [switch]$RunOnlyIfIdle, [switch]$WakeToRun, [switch]$Hidden,
        [switch]$Disable, [switch]$DisallowDemandStart, [switch]$DisallowHardTerminate,
        [switch]$DontStopOnIdleEnd, [switch]$RestartOnIdle, [timespan]$ExecutionTimeLimit = '3.00:00:00',
        [timespan]$RestartInterval, [int]$RestartCount, [int]$Priority,
        [ValidateSet('Parallel', 'Queue', 'IgnoreNew')][string]$MultipleInstances = 'IgnoreNew',
        [timespan]$IdleDuration, [timespan]$IdleWaitTimeout, [timespan]$DeleteExpiredTaskAfter,
        [string]$Compatibility
    )
    [pscustomobject]@{
        Enabled = -not $Disable; Hidden = [bool]$Hidden
        DisallowStartIfOnBatteries = -not $AllowStartIfOnBatteries
        StopIfGoingOnBatteries = -not $DontStopIfGoingOnBatteries
        StartWhenAvailable = [bool]$StartWhenAvailable; WakeToRun = [bool]$WakeToRun
        RunOnlyIfNetworkAvailable = [bool]$RunOnlyIfNetworkAvailable; RunOnlyIfIdle = [bool]$RunOnlyIfIdle
        MultipleInstances = $MultipleInstances; ExecutionTimeLimit = duration $ExecutionTimeLimit
        RestartCount = $RestartCount; RestartInterval = $(if ($RestartInterval) { duration $RestartInterval })
    }
}

function New-ScheduledTaskPrincipal {
    [CmdletBinding(PositionalBinding = $false)]
    param(
        [Parameter(Position = 0)][string]$UserId, [string]$GroupId, [string]$Id,
        [ValidateSet('None', 'Password', 'S4U', 'Interactive', 'Group', 'ServiceAccount', 'InteractiveOrPassword')]
        [string]$LogonType,
        [ValidateSet('Limited', 'Highest')][string]$RunLevel
    )
    [pscustomobject]@{ UserId = $UserId; RunLevel = $RunLevel }
}

function New-ScheduledTask {
    [CmdletBinding(PositionalBinding = $false)]
    param(
        [Parameter(Position = 0)][psobject[]]$Action, [Parameter(Position = 1)][psobject[]]$Trigger,
        [Parameter(Position = 2)][psobject]$Settings, [Parameter(Position = 3)][psobject]$Principal,
        [Parameter(Position = 4)][string]$Description
    )
    [pscustomobject]@{
        Actions = $Action; Triggers = $Trigger; Settings = $Settings; Principal = $Principal
    }
}

function path([string]$Name, [string]$Folder) {
    "$Folder\$Name" -replace '\\+', '\' -replace '^\\', ''
}

function keep([string]$Path, $Task, [switch]$Force) {
    if ($script:tasks.Contains($Path) -and -not $Force) {
        throw "Cannot create a file when that file already exists: $Path"
    }
    $script:tasks.Remove($Path)
    $script:tasks[$Path] = $Task
    $Task | Add-Member TaskName $Path -Force -PassThru
}

function Register-ScheduledTask {
    [CmdletBinding(DefaultParameterSetName = 'User', PositionalBinding = $false)]
    param(
        [switch]$Force,
        [Parameter(Position = 0)][string]$TaskName, [Parameter(Position = 1)][string]$TaskPath = '\',
        [Parameter(ParameterSetName = 'User', Mandatory, Position = 2)]
        [Parameter(ParameterSetName = 'Principal', Mandatory, Position = 2)][psobject[]]$Action,
        [Parameter(ParameterSetName = 'User', Position = 3)]
        [Parameter(ParameterSetName = 'Principal', Position = 3)][ValidateNotNull()][psobject[]]$Trigger,
        [Parameter(ParameterSetName = 'User', Position = 4)]
        [Parameter(ParameterSetName = 'Principal', Position = 4)][ValidateNotNull()][psobject]$Settings,
        [Parameter(ParameterSetName = 'User', Position = 5)]
        [Parameter(ParameterSetName = 'Xml')][Parameter(ParameterSetName = 'Object')][string]$User,
        [Parameter(ParameterSetName = 'User', Position = 6)][string]$Password,
        [Parameter(ParameterSetName = 'User', Position = 7)][ValidateSet('Limited', 'Highest')][string]$RunLevel,
        [Parameter(ParameterSetName = 'User')][Parameter(ParameterSetName = 'Principal')][string]$Description,
        [Parameter(ParameterSetName = 'Principal', Mandatory)][ValidateNotNull()][psobject]$Principal,
        [Parameter(ParameterSetName = 'Object', Mandatory, ValueFromPipeline)][psobject]$InputObject,
        [Parameter(ParameterSetName = 'Xml', Mandatory)][ValidateNotNullOrEmpty()][string]$Xml
    )
    process {
        $task = switch ($PSCmdlet.ParameterSetName) {
            'Xml' { [pscustomobject]@{ Xml = $Xml } }
            'Object' { $InputObject }
            default {
                if (-not $Principal) { $Principal = [pscustomobject]@{ UserId = $User; RunLevel = $RunLevel } }
                New-ScheduledTask $Action $Trigger $Settings $Principal
            }
        }
        keep (path $TaskName $TaskPath) $task -Force:$Force
    }
}

function Get-ScheduledTask {
    [CmdletBinding()]
    param([Parameter(Position = 0)][string]$TaskName, [Parameter(Position = 1)][string]$TaskPath = '\')
    if (-not $script:tasks.Contains((path $TaskName $TaskPath))) {
        return Write-Error "No MSFT_ScheduledTask objects found with property 'TaskName' equal to '$TaskName'."
    }
    $script:tasks[(path $TaskName $TaskPath)]
}

function Unregister-ScheduledTask {
    [CmdletBinding(SupportsShouldProcess)]
    param([Parameter(Position = 0)][string]$TaskName, [Parameter(Position = 1)][string]$TaskPath = '\')
    $task = Get-ScheduledTask $TaskName $TaskPath
    if ($task) { $script:tasks.Remove($task.TaskName) }
}

function Set-ScheduledTask {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)][string]$TaskName, [Parameter(Position = 1)][string]$TaskPath = '\',
        [psobject[]]$Action, [psobject[]]$Trigger, [psobject]$Settings, [psobject]$Principal
    )
    $task = Get-ScheduledTask $TaskName $TaskPath
    if ($Action) { $task.Actions = $Action }
    if ($Trigger) { $task.Triggers = $Trigger }
    if ($Settings) { $task.Settings = $Settings }
    if ($Principal) { $task.Principal = $Principal }
    $task
}

function Disable-ScheduledTask {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)][string]$TaskName, [Parameter(Position = 1)][string]$TaskPath = '\')
    $task = Get-ScheduledTask $TaskName $TaskPath
    if (-not $task.Settings) { $task.Settings = New-ScheduledTaskSettingsSet }
    $task.Settings.Enabled = $false
    $task
}

# PowerShell's own jobs

function New-JobTrigger { New-ScheduledTaskTrigger @args }

function Register-ScheduledJob {
    param([string]$Name, [string]$FilePath, [psobject[]]$Trigger)
    $action = New-ScheduledTaskAction -Execute powershell.exe -Argument "-File `"$FilePath`""
    keep (path $Name '\Microsoft\Windows\PowerShell\ScheduledJobs') (New-ScheduledTask $action $Trigger)
}

# The COM object, whose collections make what is added to them

$script:created = @{
    triggers = @{ 1 = 'Once'; 2 = 'Daily'; 3 = 'Weekly'; 8 = 'AtStartup'; 9 = 'AtLogOn' }
    properties = 'Enabled', 'StartBoundary', 'Delay', 'RandomDelay', 'DaysInterval', 'WeeksInterval', 'DaysOfWeek'
}

function made([string[]]$Names) {
    $made = [ordered]@{}
    foreach ($name in $Names) { $made[$name] = $null }
    [pscustomobject]$made
}

function New-Object {
    param([Parameter(Position = 0)][string]$TypeName, [Parameter(Position = 1)][object[]]$ArgumentList, [string]$ComObject)
    if (-not $ComObject) { return Microsoft.PowerShell.Utility\New-Object @PSBoundParameters }
    if ($ComObject -ne 'Schedule.Service') { throw "no recorder for $ComObject" }
    $service = [pscustomobject]@{}
    $service | Add-Member ScriptMethod Connect { }
    $service | Add-Member ScriptMethod NewTask {
        $actions, $triggers = [pscustomobject]@{ Made = @() }, [pscustomobject]@{ Made = @() }
        $actions | Add-Member ScriptMethod Create {
            $this.Made += made 'Path', 'Arguments', 'WorkingDirectory'
            $this.Made[-1]
        }
        $triggers | Add-Member ScriptMethod Create {
            $trigger = made $script:created.properties
            $trigger | Add-Member Kind $script:created.triggers[[int]$args[0]]
            $trigger | Add-Member Repetition (made 'Interval', 'Duration')
            $trigger.Enabled = $true
            $this.Made += $trigger
            $trigger
        }
        $settings = New-ScheduledTaskSettingsSet
        $principal = made 'UserId', 'RunLevel', 'LogonType'
        $about = made 'Description', 'Author'
        [pscustomobject]@{
            Actions = $actions; Triggers = $triggers; Settings = $settings; Principal = $principal
            RegistrationInfo = $about
        }
    }
    $service | Add-Member ScriptMethod GetFolder {
        $folder = [pscustomobject]@{ Path = $args[0] }
        $folder | Add-Member ScriptMethod RegisterTaskDefinition {
            param($Name, $Definition)
            foreach ($action in $Definition.Actions.Made) { $action | Add-Member Execute $action.Path }
            $task = New-ScheduledTask $Definition.Actions.Made $Definition.Triggers.Made $Definition.Settings $Definition.Principal
            keep (path $Name $this.Path) $task -Force
        }
        $folder
    }
    $service
}

function Get-Recorded { , @($script:tasks.Values) }

Export-ModuleMember *-*
