"""Measure HTTP clients at what a reader does: 1,000 feeds, 100 ms away, many at once.

    python bench/fetch.py [--runs 5] [--in-flight 64]

Needs the synthetic publisher of ../shared/tools; clients that are not installed are skipped.
Every run is a fresh process; the time to import the client is not counted.
"""

import argparse
import asyncio
import importlib.util
import multiprocessing
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

PUBLISHER = Path(__file__).parents[2] / "shared/tools/publisher/publisher.py"
N_FEEDS = 1000
N_HOSTS = 250
LATENCY_MS = 100


def main() -> None:
    """Print one line per client: the median of wall and CPU seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="processes per client (default: 5)")
    parser.add_argument("--in-flight", type=int, default=64, help="requests at once (default: 64)")
    options = parser.parse_args()
    if not PUBLISHER.exists():
        sys.exit(f"The synthetic publisher is not at {PUBLISHER}; there is nothing to fetch from.")
    print("| client | wall s | CPU s |\n|---|---|---|")
    with publisher() as port:
        for name, (module, _) in CLIENTS.items():
            if importlib.util.find_spec(module) is None:
                print(f"| {name} | skipped: {module} is not installed | |")
                continue
            runs = [_measured(name, port, options.in_flight) for _ in range(options.runs)]
            wall_s, cpu_s = (median(values) for values in zip(*runs, strict=True))
            print(f"| {name} | {wall_s:.2f} | {cpu_s:.2f} |", flush=True)


@contextmanager
def publisher(n_feeds: int = N_FEEDS) -> Iterator[int]:
    """Run the publisher of so many feeds; give its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    options = {"feeds": n_feeds, "hosts": N_HOSTS, "port": port, "latency-ms": LATENCY_MS}
    arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    process = subprocess.Popen([sys.executable, str(PUBLISHER), *arguments], stdout=subprocess.DEVNULL)
    try:
        _await(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _await(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit("The synthetic publisher did not start within a minute.")


def urls(port: int, n_feeds: int = N_FEEDS) -> list[str]:
    """Return the publisher's feeds."""
    return [f"http://127.0.{1 + n % N_HOSTS // 250}.{1 + n % N_HOSTS % 250}:{port}/f/{n}.xml" for n in range(n_feeds)]


def _measured(name: str, port: int, in_flight: int) -> tuple[float, float]:
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_run, (name, port, in_flight))


def _run(name: str, port: int, in_flight: int) -> tuple[float, float]:
    """Return the wall and CPU seconds of one run in this process."""
    client = CLIENTS[name][1](in_flight)
    began, cpu = time.perf_counter(), _cpu_s()
    n_bodies = client(urls(port))
    seconds = time.perf_counter() - began, _cpu_s() - cpu
    if n_bodies != N_FEEDS:
        raise RuntimeError(f"{name} brought {n_bodies} of {N_FEEDS} feeds.")
    return seconds


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


# Each client imports what it needs, and returns what fetches a list of URLs and counts the bodies.
Client = Callable[[list[str]], int]


def broadsheet(in_flight: int) -> Client:
    """Ours: the guard, the limits and the inflating included."""
    from aggregator.config import FetchSettings
    from aggregator.fetch.http import fetch_all
    from aggregator.models.fetching import Fetched, Request

    settings = FetchSettings(in_flight=in_flight, allowed_hosts=("127.0.0.0/8",), per_host_gap_s=0.0)
    now = datetime.now(UTC)

    def run(urls: list[str]) -> int:
        return sum(isinstance(reply, Fetched) for reply in fetch_all(map(Request, urls), settings, now=now))

    return run


def aiohttp_client(in_flight: int) -> Client:
    """Run aiohttp in one event loop."""
    import aiohttp

    async def fetch_all(urls: list[str]) -> int:
        connector = aiohttp.TCPConnector(limit=in_flight)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def one(url: str) -> bool:
                async with session.get(url) as response:
                    return bool(await response.read())

            return sum(await asyncio.gather(*map(one, urls)))

    return lambda urls: asyncio.run(fetch_all(urls))


def urllib3_threads(in_flight: int) -> Client:
    """Run urllib3 in as many threads as requests in flight."""
    import urllib3

    pool = urllib3.PoolManager(num_pools=N_HOSTS, maxsize=2, headers={"Accept-Encoding": "gzip"})

    def run(urls: list[str]) -> int:
        with ThreadPoolExecutor(in_flight) as threads:
            return sum(threads.map(lambda url: bool(pool.request("GET", url).data), urls))

    return run


def httpx_threads(in_flight: int) -> Client:
    """Run httpx in as many threads as requests in flight."""
    import httpx

    client = httpx.Client(limits=httpx.Limits(max_connections=in_flight), timeout=30)

    def run(urls: list[str]) -> int:
        with ThreadPoolExecutor(in_flight) as threads:
            return sum(threads.map(lambda url: bool(client.get(url).content), urls))

    return run


def httpx_async(in_flight: int) -> Client:
    """Run httpx in one event loop."""
    import httpx

    async def fetch_all(urls: list[str]) -> int:
        # with all 1,000 waiting inside its pool, httpx takes ten times as long
        room = asyncio.Semaphore(in_flight)
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=in_flight), timeout=30) as client:

            async def one(url: str) -> bool:
                async with room:
                    return bool((await client.get(url)).content)

            return sum(await asyncio.gather(*map(one, urls)))

    return lambda urls: asyncio.run(fetch_all(urls))


CLIENTS: dict[str, tuple[str, Callable[[int], Client]]] = {
    "Broadsheet (pycurl)": ("pycurl", broadsheet),
    "aiohttp": ("aiohttp", aiohttp_client),
    "urllib3, threads": ("urllib3", urllib3_threads),
    "httpx, threads": ("httpx", httpx_threads),
    "httpx, asyncio": ("httpx", httpx_async),
}

if __name__ == "__main__":
    main()
