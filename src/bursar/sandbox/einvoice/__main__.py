"""`python -m bursar.sandbox.einvoice`: the provider as a process. Its first line says where it listens, as JSON."""

import argparse
import json
import socket
import sys

import uvicorn
import uvloop

from bursar.sandbox.einvoice.app import Desk, provider


async def serve(host: str, port: int) -> None:
    """Until a signal ends it."""
    listening = socket.create_server((host, port))
    sys.stdout.write(json.dumps({"host": host, "port": listening.getsockname()[1]}) + "\n")
    sys.stdout.flush()
    config = uvicorn.Config(provider(Desk()), log_level="warning", access_log=False, lifespan="off")
    await uvicorn.Server(config).serve(sockets=[listening])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bursar.sandbox.einvoice", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    options = parser.parse_args()
    uvloop.run(serve(options.host, options.port))
