# 매일 아침 브리핑을 등록합니다.
$작업이름 = "AGI_아침_브리핑"
$경로 = "C:\사용자\문서\브리핑 만들기.py"
$동작 = New-ScheduledTaskAction -Execute "pythonw.exe" -Argument "`"$경로`" --언어 ko"
$시각 = New-ScheduledTaskTrigger -Daily -At (Get-Date "오전 7:30")
Register-ScheduledTask -TaskName $작업이름 -Action $동작 -Trigger $시각 -Force
Write-Host "✅ 등록 완료: $작업이름"
