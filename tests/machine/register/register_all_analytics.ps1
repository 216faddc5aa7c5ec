# One file for the small ones.
$scripts = Join-Path (Split-Path $PSScriptRoot -Parent) "scripts"
$tasks = @(
    @{ Name = "AGI_GpuUsage";          File = "gpu_usage_sampler.py";    Minutes = 20 }
    @{ Name = "AGI_BenchmarkModels";   File = "benchmark_models.py";     Minutes = 60 }
    @{ Name = "AGI_RoutingOptimizer";  File = "routing_optimizer.py";    Minutes = 30 }
    @{ Name = "AGI_TokenTrends";       File = "token_usage_trends.py";   Minutes = 60 }
    @{ Name = "AGI_ReplanPatterns";    File = "replan_patterns.py";      Minutes = 120 }
    @{ Name = "AGI_FeedbackInsights";  File = "feedback_insights.py";    Minutes = 180 }
)
foreach ($t in $tasks) {
    $path = Join-Path $scripts $t.File
    if (-not (Test-Path $path)) {
        Write-Warning "not found: $path"
        continue
    }
    $action = New-ScheduledTaskAction -Execute "python.exe" -Argument ('"{0}"' -f $path)
    $trigger = New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes $t.Minutes)
    Register-ScheduledTask -TaskName $t.Name -Action $action -Trigger $trigger -RunLevel Limited -Force | Out-Null
}
