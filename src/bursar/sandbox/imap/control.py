"""The other door of the IMAP server: what lies where, who asked what, and how it shall misbehave next."""

from base64 import b64decode, b64encode
from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bursar.sandbox.cloud.troubles import Trouble
from bursar.sandbox.imap.boxes import Folder, Stored
from bursar.sandbox.imap.desk import TROUBLES, Desk


def control(desk: Desk) -> Starlette:
    """GET, PUT, POST /troubles · GET /stalled?count=&wait= · POST /release, /reset · GET /commands · POST /tokens ·
    GET, POST /mailboxes/{address}/{folder} · DELETE /mailboxes/{address}/{folder}/{uid} ·
    POST /mailboxes/{address}/{folder}/renumbering.
    """
    door = Door(desk)
    folder = "/mailboxes/{address}/{folder}"
    return Starlette(
        routes=[
            Route("/troubles", door.troubles, methods=["GET", "PUT", "POST"]),
            Route("/stalled", door.stalled),
            Route("/release", door.release, methods=["POST"]),
            Route("/reset", door.reset, methods=["POST"]),
            Route("/commands", door.commands),
            Route("/tokens", door.know_token, methods=["POST"]),
            Route(folder, door.messages, methods=["GET", "POST"]),
            Route(f"{folder}/renumbering", door.renumber, methods=["POST"]),
            Route(f"{folder}/{{uid:int}}", door.remove, methods=["DELETE"]),
        ]
    )


class Door:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def troubles(self, request: Request) -> Response:
        """Operations are the commands in small letters, `uid fetch` among them, and `connect`."""
        troubles = self._desk.troubles
        if request.method != "GET":
            given: list[dict[str, Any]] = await request.json()
            try:
                added = [Trouble.parse(one, TROUBLES) for one in given]
            except (TypeError, ValueError) as error:
                return JSONResponse({"error": str(error)}, status_code=422)
            troubles.held = [*(troubles.held if request.method == "POST" else []), *added]
        return JSONResponse(troubles.as_json())

    async def stalled(self, request: Request) -> Response:
        asked = request.query_params
        seconds = float(asked.get("wait", 0))
        found = await self._desk.troubles.stalled(count=int(asked.get("count", 1)), seconds=seconds)
        return JSONResponse([asdict(one) for one in found])

    async def release(self, _: Request) -> Response:
        self._desk.troubles.release()
        return Response(status_code=204)

    async def reset(self, _: Request) -> Response:
        """No troubles, and what lies in the mailboxes was never there."""
        self._desk.troubles.release()
        self._desk.troubles.held.clear()
        self._desk.commands.clear()
        self._desk.tokens.clear()
        self._desk.boxes.forget()
        return Response(status_code=204)

    async def commands(self, _: Request) -> Response:
        """With the number of the connection, without what signs in."""
        return JSONResponse(self._desk.commands)

    async def know_token(self, request: Request) -> Response:
        """{"address", "token"}: good for XOAUTH2 from now on."""
        given = await request.json()
        self._desk.tokens[given["token"]] = given["address"]
        return Response(status_code=204)

    async def messages(self, request: Request) -> Response:
        """POST: {"raw": base64, "received_at"?, "flags"?}."""
        if request.method == "POST":
            given = await request.json()
            stored = await self._desk.boxes.put(
                request.path_params["address"],
                request.path_params["folder"],
                b64decode(given["raw"]),
                set(given.get("flags", ())),
                given.get("received_at"),
            )
            if stored is None:
                raise HTTPException(404)
            return JSONResponse(_told(stored), status_code=201)
        folder = self._folder(request)
        told = {"validity": folder.validity, "messages": [_told(one) for one in folder.messages]}
        return JSONResponse(told)

    async def renumber(self, request: Request) -> Response:
        self._folder(request).renumber()
        return Response(status_code=204)

    async def remove(self, request: Request) -> Response:
        folder, uid = self._folder(request), request.path_params["uid"]
        folder.messages[:] = [one for one in folder.messages if one.uid != uid]
        return Response(status_code=204)

    def _folder(self, request: Request) -> Folder:
        folder = self._desk.boxes.folder(request.path_params["address"], request.path_params["folder"])
        if folder is None:
            raise HTTPException(404)
        return folder


def _told(stored: Stored) -> dict[str, Any]:
    return {
        "uid": stored.uid,
        "flags": sorted(stored.flags),
        "received_at": stored.received_at,
        "raw": b64encode(stored.raw).decode(),
    }
