"""Running tests where this process may do what it may not elsewhere: in a network and among mounts of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
APART = ("unshare", "--map-root-user", "--net", "--mount")


def run_apart(file: str) -> None:
    """Run the tests of a file of this folder apart, or skip where this machine lets nobody do that."""
    if shutil.which("unshare") is None or subprocess.run([*APART, "true"], capture_output=True, check=False).returncode:
        pytest.skip("This machine lets nobody make a network and mounts of their own (unshare --net --mount).")
    inner = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [*APART, *inner, "--force-enable-socket", str(HERE / file)],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parents[1],
        env=environment,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
