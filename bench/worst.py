"""What the worst single answers cost: CPU time and peak memory of the process that reads them, by name.

python -m bench.worst
"""

from tests.hostile.test_feed_cases import BOMBS
from tests.hostile.test_worst_answers import cost_of

if __name__ == "__main__":
    print("| answer | MB | CPU s | peak MB |\n|---|---|---|---|")
    for name, body in BOMBS.items():
        cost = cost_of(name)
        print(f"| {name} | {len(body) / 1e6:.1f} | {cost.cpu_s:.1f} | {cost.peak_bytes / 1e6:.0f} |")
