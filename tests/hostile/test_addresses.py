"""Every collected address and scenario, where each address would answer and names mean what we say."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
OWN_NETWORK = ("unshare", "--map-root-user", "--net", "--mount")


def may_have_a_network() -> bool:
    """Whether this machine lets us make a network of our own."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*OWN_NETWORK, "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.slow
def test_nobody_inside_is_called_and_everybody_outside_can_be() -> None:
    if not may_have_a_network():
        pytest.skip("This machine lets nobody make a network of their own (unshare --net).")
    inner = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [*OWN_NETWORK, *inner, "--force-enable-socket", str(HERE / "inside_a_network.py")],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parents[1],
        env=environment,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
