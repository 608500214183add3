"""Measure HTTP clients at what a reader does: 1,000 feeds, 100 ms away, 64 at once.

    python bench/fetch.py [--runs 5]

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
from pathlib import Path
from statistics import median

PUBLISHER = Path(__file__).parents[2] / "shared/tools/publisher/publisher.py"
N_FEEDS = 1000
N_HOSTS = 250
IN_FLIGHT = 64
LATENCY_MS = 100


def main() -> None:
    """Print one line per client: the median of wall and CPU seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="processes per client (default: 5)")
    n_runs = parser.parse_args().runs
    if not PUBLISHER.exists():
        sys.exit(f"The synthetic publisher is not at {PUBLISHER}; there is nothing to fetch from.")
    print("| client | wall s | CPU s |\n|---|---|---|")
    with publisher() as port:
        for name, (module, _) in CLIENTS.items():
            if importlib.util.find_spec(module) is None:
                print(f"| {name} | skipped: {module} is not installed | |")
                continue
            runs = [_measured(name, port) for _ in range(n_runs)]
            wall_s, cpu_s = (median(values) for values in zip(*runs, strict=True))
            print(f"| {name} | {wall_s:.2f} | {cpu_s:.2f} |", flush=True)


@contextmanager
def publisher() -> Iterator[int]:
    """Run the publisher; give its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    options = {"feeds": N_FEEDS, "hosts": N_HOSTS, "port": port, "latency-ms": LATENCY_MS}
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


def urls(port: int) -> list[str]:
    """Return the publisher's feeds."""
    return [f"http://127.0.{1 + n % N_HOSTS // 250}.{1 + n % N_HOSTS % 250}:{port}/f/{n}.xml" for n in range(N_FEEDS)]


def _measured(name: str, port: int) -> tuple[float, float]:
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_run, (name, port))


def _run(name: str, port: int) -> tuple[float, float]:
    """Return the wall and CPU seconds of one run in this process."""
    client = CLIENTS[name][1]()
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


def broadsheet() -> Client:
    """Ours: the guard, the limits and the inflating included."""
    from aggregator.config import FetchSettings
    from aggregator.fetch.http import fetch_all
    from aggregator.models import Fetched, Request

    settings = FetchSettings(in_flight=IN_FLIGHT, allowed_hosts=("127.0.0.0/8",))

    def run(urls: list[str]) -> int:
        return sum(isinstance(reply, Fetched) for reply in fetch_all(map(Request, urls), settings))

    return run


def aiohttp_client() -> Client:
    """Run aiohttp in one event loop."""
    import aiohttp

    async def fetch_all(urls: list[str]) -> int:
        connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def one(url: str) -> bool:
                async with session.get(url) as response:
                    return bool(await response.read())

            return sum(await asyncio.gather(*map(one, urls)))

    return lambda urls: asyncio.run(fetch_all(urls))


def urllib3_threads() -> Client:
    """Run urllib3 in as many threads as requests in flight."""
    import urllib3

    pool = urllib3.PoolManager(num_pools=N_HOSTS, maxsize=2, headers={"Accept-Encoding": "gzip"})

    def run(urls: list[str]) -> int:
        with ThreadPoolExecutor(IN_FLIGHT) as threads:
            return sum(threads.map(lambda url: bool(pool.request("GET", url).data), urls))

    return run


def httpx_threads() -> Client:
    """Run httpx in as many threads as requests in flight."""
    import httpx

    client = httpx.Client(limits=httpx.Limits(max_connections=IN_FLIGHT), timeout=30)

    def run(urls: list[str]) -> int:
        with ThreadPoolExecutor(IN_FLIGHT) as threads:
            return sum(threads.map(lambda url: bool(client.get(url).content), urls))

    return run


def httpx_async() -> Client:
    """Run httpx in one event loop."""
    import httpx

    async def fetch_all(urls: list[str]) -> int:
        # with all 1,000 waiting inside its pool, httpx takes ten times as long
        room = asyncio.Semaphore(IN_FLIGHT)
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=IN_FLIGHT), timeout=30) as client:

            async def one(url: str) -> bool:
                async with room:
                    return bool((await client.get(url)).content)

            return sum(await asyncio.gather(*map(one, urls)))

    return lambda urls: asyncio.run(fetch_all(urls))


CLIENTS: dict[str, tuple[str, Callable[[], Client]]] = {
    "Broadsheet (pycurl)": ("pycurl", broadsheet),
    "aiohttp": ("aiohttp", aiohttp_client),
    "urllib3, threads": ("urllib3", urllib3_threads),
    "httpx, threads": ("httpx", httpx_threads),
    "httpx, asyncio": ("httpx", httpx_async),
}

if __name__ == "__main__":
    main()
