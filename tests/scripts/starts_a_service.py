"""Starts a service, as the step auto_restart_local_llm does, and an ordinary child; then waits to be killed.

Words: the folder for outputs.
"""

import sys
from pathlib import Path

from common import FOLDER, WORDS, start, wait_for

from tasks.builtin.endpoints import service_process
from tasks.settings.endpoints import EndpointSettings

command = [sys.executable, str(Path(__file__).with_name("sleeps.py")), str(FOLDER), "service"]
endpoint = EndpointSettings.model_validate({"name": "llm", "url": "http://127.0.0.1:1", "start": command})
start("sleeps.py", "child")
service_process.start(command, endpoint, service_process.ServicePaths.of(endpoint, Path(WORDS[0])))
wait_for()
