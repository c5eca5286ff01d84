"""Load from a process of its own: connections kept open, each asking as soon as it is answered.

`python -m bench.load URL CONNECTIONS SECONDS`, with headers as lines on standard input, prints JSON.
Where `wrk` is installed it does the work, for it takes less of the processor than this does.
"""

import asyncio
import json
import math
import re
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True)
class Loaded:
    """What a load met.

    Attributes:
        requests_per_second: Answers.
        p50_ms: Half of the answers took no longer.
        p99_ms: All but a hundredth took no longer.
        errors: Connections that failed or waited too long, and answers other than 2xx.
        loader: What made it.
    """

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    loader: str


def load(url: str, headers: dict[str, str], connections: int, seconds: float) -> Loaded:
    """Load a URL from another process."""
    if (wrk := shutil.which("wrk")) is not None:
        return _by_wrk(wrk, url, headers, connections, seconds)
    done = subprocess.run(
        [sys.executable, "-m", "bench.load", url, str(connections), str(seconds)],
        input="\n".join(f"{name}: {value}" for name, value in headers.items()),
        capture_output=True,
        text=True,
        check=True,
    )
    return Loaded(**json.loads(done.stdout))


def _by_wrk(
    wrk: str, url: str, headers: dict[str, str], connections: int, seconds: float
) -> Loaded:
    options = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    done = subprocess.run(
        [wrk, "-t1", f"-c{connections}", f"-d{math.ceil(seconds)}s", "--latency", *options, url],
        capture_output=True,
        text=True,
        check=True,
    )
    said = done.stdout
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    broken = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    return Loaded(
        requests_per_second=float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
        p50_ms=_milliseconds(said, "50%"),
        p99_ms=_milliseconds(said, "99%"),
        errors=sum(int(one) for found in (wrong, broken) if found for one in found.groups()),
        loader="wrk",
    )


def _milliseconds(said: str, which: str) -> float:
    value, unit = re.search(rf"{which}\s+([\d.]+)(us|ms|s|m)", said).groups()
    return float(value) * _UNITS[unit]


async def _ask(url: str, headers: str, connections: int, seconds: float) -> Loaded:
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    request = f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n{headers}\r\n".encode()
    took: list[float] = []
    errors = 0
    began = time.perf_counter()

    async def one() -> None:
        nonlocal errors
        try:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            while time.perf_counter() - began < seconds:
                asked = time.perf_counter()
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(re.search(rb"content-length: (\d+)", head.lower())[1])
                await reader.readexactly(length)
                took.append(time.perf_counter() - asked)
                errors += not head.startswith(b"HTTP/1.1 2")
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            errors += 1

    await asyncio.gather(*(one() for _ in range(connections)))
    elapsed = time.perf_counter() - began
    took.sort()
    return Loaded(
        requests_per_second=len(took) / elapsed,
        p50_ms=took[len(took) // 2] * 1e3,
        p99_ms=took[len(took) * 99 // 100] * 1e3,
        errors=errors,
        loader="asyncio",
    )


if __name__ == "__main__":
    import uvloop

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    given = "".join(f"{line.strip()}\r\n" for line in sys.stdin if line.strip())
    found = uvloop.run(_ask(sys.argv[1], given, int(sys.argv[2]), float(sys.argv[3])))
    print(json.dumps(asdict(found)))
