# Takes away temporary files.
. "$PSScriptRoot/diary.ps1"
Write-Diary {
    $folder = New-Item -ItemType Directory -Force (Join-Path $env:DATA 'temp')
    Set-Content (Join-Path $folder '임시 파일.tmp') 'x'
    $files = @(Get-ChildItem $folder -Filter *.tmp)
    $files | Remove-Item
    "삭제: $($files.Name -join ', ')"
}
