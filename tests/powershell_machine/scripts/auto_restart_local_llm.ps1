# Knocks at the local model's door; nothing is started, as nobody has said how.
. "$PSScriptRoot/diary.ps1"
Write-Diary {
    $client = [Net.Sockets.TcpClient]::new()
    try { $client.Connect('127.0.0.1', 1); '로컬 모델이 응답합니다' }
    catch { '로컬 모델이 응답하지 않습니다' }
    finally { $client.Dispose() }
}
