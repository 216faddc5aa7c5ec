#Requires -Version 5.1
# 상태 점검과 분석: 분마다 되풀이됩니다.
param([string]$Root = (Split-Path -Parent $PSScriptRoot))
$ErrorActionPreference = 'Stop'

function Register-Script([string]$Name, [string]$File, [int]$Minutes, [string]$Words = '') {
    $path = Join-Path $Root "scripts\$File"
    $execute, $argument = if ($File -like '*.ps1') {
        'powershell.exe', "-NoProfile -ExecutionPolicy Bypass -WindowStyle Hidden -File `"$path`" $Words"
    } else {
        'pythonw.exe', "`"$path`" $Words"
    }
    $trigger = New-ScheduledTaskTrigger -Once -At (Get-Date).Date -RepetitionInterval (New-TimeSpan -Minutes $Minutes)
    $settings = New-ScheduledTaskSettingsSet -StartWhenAvailable -MultipleInstances IgnoreNew `
        -ExecutionTimeLimit (New-TimeSpan -Minutes 10)
    Register-ScheduledTask -TaskName "AGI_$Name" -Trigger $trigger -Settings $settings -Force `
        -Action (New-ScheduledTaskAction -Execute $execute -Argument $argument.Trim()) | Out-Null
    Write-Host "등록 완료: $Name ($Minutes분마다)"
}

Register-Script HealthCheck check_health.py 10 '--fast'
Register-Script CircuitBreaker circuit_breaker_router.py 10 '--status-only'
Register-Script LLMRestart auto_restart_local_llm.ps1 10
Register-Script Watchdog watchdog.ps1 5
Register-Script GatewayPing gateway_ping.py 10
Register-Script QueueWatchdog task_queue_watchdog.py 10
Register-Script DiskStatus disk_status_monitor.ps1 10 '-Label "디스크 C" -Verbose'
Register-Script LLMMonitor llm_monitor.py 5

Register-Script Benchmark save_performance_benchmark.ps1 30
Register-Script PerformanceTrends analyze_performance_trends.ps1 30
Register-Script RoutingOptimizer adaptive_routing_optimizer.ps1 30
Register-Script MetricsCollector metrics_collector.py 15
Register-Script LatencyStats latency_stats.py 30
Register-Script ResourceUsage resource_usage_sampler.py 20
Register-Script QualityMetrics quality_metrics.py 60
Register-Script TokenTrends token_usage_trends.py 60
Register-Script Dashboard dashboard_autoupdate.py 30

Register-Script Cleanup cleanup_processes.ps1 60 '-DryRun -Most 3'
Register-Script SystemMetrics collect_system_metrics.ps1 60
Register-Script LogRotation log_rotation.py 60
Register-Script CachePrune cache_prune.py 60
Register-Script TempCleanup temp_cleanup.ps1 60
Register-Script QueueArchive queue_archive.py 60
Register-Script IndexRebuild index_rebuild.py 60
Register-Script BackupNotes backup_notes.py 120
Register-Script SyncWorkspace sync_workspace.py 60

Register-Script LatencySpikes analyze_latency_spikes.ps1 120 '-ThresholdMs 1000'
Register-Script ReplanPatterns analyze_replan_patterns.ps1 120
Register-Script Incidents incident_correlation.ps1 120
Register-Script EventLedger event_ledger_analyzer.py 120
Register-Script FeedbackInsights feedback_insights.py 180
Register-Script Anomalies anomaly_finder.py 120
Register-Script 'Event_사건' '사건 분석.py' 120
