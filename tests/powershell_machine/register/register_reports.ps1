$base = Resolve-Path "$PSScriptRoot\.."
schtasks /Create /TN "AGI\WeeklyReport" /TR "powershell -File $base\scripts\weekly_report.ps1 -Days 7" /SC WEEKLY /D FRI /ST 17:00 /F
schtasks /Create /TN "AGI\MonthlySummary" /TR "python $base\scripts\monthly_summary.py" /SC MONTHLY /D 1 /ST 09:00 /F
