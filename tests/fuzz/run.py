"""Let atheris look for input that breaks a target, each for some seconds: what `make fuzz` does.

    python -m tests.fuzz.run [--seconds 60] [--target feed]

Each target runs in a process of its own, and begins from the collected cases. What broke one is left in the
folder .fuzz, and the exit status is then 1.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

FINDINGS = Path(".fuzz")
MAX_BYTES = 8192


def look(target: str, seconds: int, corpus_folder: Path) -> None:
    """Look for input that breaks this target; ends the process."""
    import atheris

    with atheris.instrument_imports(include=["aggregator", "feedparser"]):
        from tests.fuzz.targets import TARGETS, corpus
    for n, document in enumerate(corpus(target)):
        (corpus_folder / f"{n}").write_bytes(document[:MAX_BYTES])
    FINDINGS.mkdir(exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        f"-artifact_prefix={FINDINGS}/",
        f"-max_len={MAX_BYTES}",
        "-timeout=30",
        "-rss_limit_mb=2048",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus_folder)], TARGETS[target])
    atheris.Fuzz()


def main(arguments: Sequence[str] | None = None) -> int:
    """Look through the targets as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--target", help="one instead of all")
    parser.add_argument("--in-folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.in_folder:
        look(given.target, given.seconds, given.in_folder)
    from tests.fuzz.targets import TARGETS

    names = [given.target] if given.target else list(TARGETS)
    broken = [name for name in names if not _holds(name, given.seconds)]
    print(f"{len(names) - len(broken)} of {len(names)} targets held.", *broken)
    return 1 if broken else 0


def _holds(name: str, seconds: int) -> bool:
    with TemporaryDirectory(prefix="broadsheet-fuzz-") as folder:
        print(f"{name}: {seconds} s", flush=True)
        command = [sys.executable, "-m", "tests.fuzz.run", "--target", name, "--seconds", str(seconds)]
        return subprocess.run([*command, "--in-folder", folder], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
