"""Asks whether a package that Broadsheet is pinned to has a known hole: python -m tests.audit.

Where no index of advisories can be reached in time, that is said and nothing fails: checks are run offline too.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

INDEX = ("api.osv.dev", 443)
REACHED_WITHIN_S = 5.0
ANSWERED_WITHIN_S = 60.0
PINS = Path(__file__).parents[1] / "constraints.txt"
PIP_AUDIT = (
    *(sys.executable, "-m", "pip_audit", "--vulnerability-service", "osv", "--format", "json", "--desc", "off"),
    *("--disable-pip", "--no-deps", "--progress-spinner", "off", "--timeout", "10", "--requirement", str(PINS)),
)


def audit(
    index: tuple[str, int] = INDEX, command: Sequence[str] = PIP_AUDIT, within_s: float = ANSWERED_WITHIN_S
) -> int:
    """Say what is known of the pinned packages; return 1 where one has a known hole, else 0."""
    if not can_be_reached(index):
        return _skipped(f"no index of advisories ({index[0]}) can be reached from here")
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=within_s)
        packages = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return _skipped(f"{index[0]} did not answer within {within_s:g} s")
    except (ValueError, KeyError, TypeError):
        return _skipped(f"pip-audit could not ask {index[0]}: {done.stderr.strip().rpartition(chr(10))[2]}")
    holes = [(package, hole) for package in packages for hole in package.get("vulns", ())]
    for package, hole in holes:
        mended = ", ".join(hole["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']} has a known hole, {hole['id']}; it is mended in {mended}.")
    if not holes:
        print(f"pip-audit: none of {len(packages)} pinned packages has a known hole.")
    return 1 if holes else 0


def can_be_reached(index: tuple[str, int]) -> bool:
    """Return whether somebody answers there. In a process of its own, since looking up a name knows no time-out."""
    ask = f"import socket; socket.create_connection({index!r}, {REACHED_WITHIN_S}).close()"
    try:
        asked = subprocess.run([sys.executable, "-c", ask], capture_output=True, check=False, timeout=REACHED_WITHIN_S)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


def _skipped(why: str) -> int:
    print(f"pip-audit: skipped, because {why}.")
    return 0


if __name__ == "__main__":
    sys.exit(audit())
