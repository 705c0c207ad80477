"""The web application served from a thread, for pictures and tests of pages in a browser."""

import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

from bursar.house import House


@asynccontextmanager
async def until_closed(house: House, _web: FastAPI) -> AsyncIterator[None]:
    """Connections belong to the loop that opened them, which is the server's."""
    yield
    await house.close()


@contextmanager
def serving(web: FastAPI) -> Iterator[str]:
    """Its address, while a thread of this process serves it."""
    server = uvicorn.Server(uvicorn.Config(web, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=5)
