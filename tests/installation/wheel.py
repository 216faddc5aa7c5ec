"""Builds and installs what is shipped: `python -m tests.installation.wheel FOLDER`.

The sdist is built from the checkout, the wheel from the sdist. In FOLDER, `venv` has the wheel instead of the
checkout, and the other packages of the Python that runs this.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

_BUILD = (
    "import sys; from setuptools import build_meta as b; print(getattr(b, 'build_' + sys.argv[1])('dist'))"
)


@dataclass(frozen=True)
class Installed:
    """An environment that has the wheel, and the dependencies of the one that made it."""

    wheel: Path
    sdist: Path
    python: Path

    @property
    def rhythm(self) -> str:
        """The command, as the wheel's installation made it."""
        return str(self.python.with_name("rhythm.exe" if sys.platform == "win32" else "rhythm"))


def install(folder: Path) -> Installed:
    """Build the sdist from what is in the checkout, the wheel from that, and install it.

    Raises:
        subprocess.CalledProcessError: one of them failed; what it printed is printed.
    """
    source, unpacked = folder / "source", folder / "unpacked"
    for name in ("tasks", "flows", "deployments", "docs", "tests"):
        shutil.copytree(PROJECT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in PROJECT.iterdir():
        if path.is_file() and path.suffix not in (".log", ".db"):
            shutil.copy(path, source)
    sdist = source / "dist" / _run([sys.executable, "-c", _BUILD, "sdist"], source).splitlines()[-1]
    unpacked.mkdir()
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked)  # noqa: S202 - our own; Debian's 3.11.2 knows no filter
    (inner,) = unpacked.iterdir()
    wheel = inner / "dist" / _run([sys.executable, "-c", _BUILD, "wheel"], inner).splitlines()[-1]
    built = folder / "dist"
    built.mkdir()
    sdist, wheel = Path(shutil.move(sdist, built)), Path(shutil.move(wheel, built))
    shutil.rmtree(source)
    shutil.rmtree(unpacked)
    return Installed(wheel, sdist, _install(wheel, folder / "venv"))


def _install(wheel: Path, environment: Path) -> Path:
    """Make an environment with the wheel. Return its Python."""
    _run([sys.executable, "-m", "venv", "--without-pip", str(environment)], environment.parent)
    scripts = environment / ("Scripts" if sys.platform == "win32" else "bin")
    python = scripts / f"python{sysconfig.get_config_var('EXE') or ''}"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    _run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], environment)
    purelib = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(_run([str(python), "-c", purelib], environment))
    # Folders named in a .pth have no .pth files of their own: an editable install there has no effect here.
    there = [path for path in sys.path if "site-packages" in Path(path).parts]
    (packages / "dependencies.pth").write_text("\n".join(there), encoding="utf-8")
    return python


def _run(argv: Sequence[str], folder: Path) -> str:
    done = subprocess.run(argv, cwd=folder, capture_output=True, encoding="utf-8", check=False)  # noqa: S603 - our own
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        done.check_returncode()
    return done.stdout.strip()


if __name__ == "__main__":
    print(install(Path(sys.argv[1])).python)
