# Has another program copy everything, which never comes to its end.
. "$PSScriptRoot/diary.ps1"
Write-Diary {
    '백업을 시작합니다'
    $copy = Start-Process python -ArgumentList "`"$PSScriptRoot/copy_everything.py`"" -PassThru
    $copy.WaitForExit()
}
