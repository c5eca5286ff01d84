"""`python -m bench [NAME ...]`: every benchmark, or those named; figures in bench/results."""

import importlib
import sys

BENCHES = (
    "centrality",
    "parsing",
    "whole",
    "storing",
    "reports",
    "batch",
    "celery_batch",
    "sync",
    "vault",
    "stored_reports",
    "api",
    "traffic",
    "simulation",
)

if __name__ == "__main__":
    options = [word for word in sys.argv[1:] if word.startswith("-")]
    names = [word for word in sys.argv[1:] if not word.startswith("-")] or list(BENCHES)
    unknown = sorted(set(names) - set(BENCHES))
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    for name in names:
        print(f"== {name}", flush=True)
        importlib.import_module(f"bench.{name}").main(options)
