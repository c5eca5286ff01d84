"""A bare route of the service's framework and server, to compare with: `python -m bench.hello PORT`."""

import resource
import sys

from fastapi import FastAPI
from starlette.responses import PlainTextResponse


def create() -> FastAPI:
    """An application that says hello, and nothing else."""
    app = FastAPI()

    @app.get("/hello")
    async def hello() -> PlainTextResponse:
        return PlainTextResponse("hello world")

    return app


if __name__ == "__main__":
    from daznode.edges.cli.serve import server

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server("bench.hello:create", "127.0.0.1", int(sys.argv[1]), 1).serve()
