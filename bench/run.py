"""Run every benchmark whose data is at hand, and write its figures beside it: what `make bench` does."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BENCHMARKS = {
    "bench.fetch": [],
    "bench.feeds": ["--out", "bench/feeds.md"],
    "bench.opml": ["--out", "bench/opml.md"],
    "bench.refresh": ["--out", "bench/refresh.md"],
    "bench.table": ["--out", "bench/stories.md"],
    "bench.window": ["--out", "bench/window.md"],
    "bench.topics": ["--out", "bench/topics.md"],
    "bench.novelty": [],
}


def main() -> int:
    """Run each benchmark in a process of its own; return how many failed."""
    statuses = [
        subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, check=False).returncode
        for module, arguments in BENCHMARKS.items()
    ]
    return sum(status != 0 for status in statuses)


if __name__ == "__main__":
    sys.exit(main())
