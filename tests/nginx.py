"""A real nginx with TLS before a server of this machine, as Debian has it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.waiting import LIMIT, eventually

# What the documentation shows, made whole: everything below the test's own folder.
_CONFIG = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/key.pem;
        location / {{
            proxy_pass http://{upstream};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    """Where it listens, and the certificate that it shows for `host`."""

    host: str
    port: int
    certificate: Path

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.port}"


def executable() -> str:
    """Return where nginx is; skip the test if there is none, but fail it in CI."""
    if found := shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin"):
        return found
    missing = "NO NGINX: it is not on PATH, so no proxy was tried"
    if os.environ.get("CI", "").lower() == "true" and os.name == "posix":
        pytest.fail(missing)
    pytest.skip(missing)


@contextmanager
def nginx(folder: Path, host: str, port: int, upstream: str) -> Iterator[Nginx]:
    """Serve `host` at a port of this machine, from what listens at `upstream` (host:port)."""
    program = executable()
    certificate = folder / "certificate.pem"
    subprocess.run(  # noqa: S603 - our own words
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                f"/CN={host}",
            ),
            *("-addext", f"subjectAltName=DNS:{host}", "-keyout", folder / "key.pem", "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    config = folder / "nginx.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port, upstream=upstream), encoding="utf-8")
    process = subprocess.Popen([program, "-c", config, "-p", folder, "-e", folder / "error.log"])  # noqa: S603
    try:
        eventually((folder / "nginx.pid").exists, "nginx")
        yield Nginx(host, port, certificate)
    finally:
        process.terminate()
        process.wait(LIMIT)
