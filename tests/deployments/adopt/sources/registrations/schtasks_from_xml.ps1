schtasks /create /tn "From a file" /xml "C:\agi\task.xml" /f
