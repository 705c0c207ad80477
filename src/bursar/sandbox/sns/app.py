"""The addresses of SNS: its certificate and the confirmation; and the control door of this SES."""

from dataclasses import asdict, replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bursar.sandbox.sns.events import parsed, told
from bursar.sandbox.sns.ses import Ses
from bursar.sandbox.sns.topic import Topic


def vendor(topic: Topic) -> Starlette:
    """GET /SimpleNotificationService.pem · GET /?Action=ConfirmSubscription&TopicArn=&Token="""

    async def certificate(_: Request) -> Response:
        return Response(topic.signatory.pem, media_type="application/x-pem-file")

    async def stranger(_: Request) -> Response:
        return Response(topic.stranger.pem, media_type="application/x-pem-file")

    async def act(request: Request) -> Response:
        asked = request.query_params
        right = asked.get("Action") == "ConfirmSubscription" and asked.get("TopicArn") == topic.arn
        if not right or not topic.confirm(asked.get("Token", "")):
            return Response(
                "<ErrorResponse><Error><Code>InvalidParameter</Code></Error></ErrorResponse>", 400
            )
        arn = f"<SubscriptionArn>{topic.arn}:confirmed</SubscriptionArn>"
        result = f"<ConfirmSubscriptionResult>{arn}</ConfirmSubscriptionResult>"
        return Response(
            f"<ConfirmSubscriptionResponse>{result}</ConfirmSubscriptionResponse>", media_type="text/xml"
        )

    return Starlette(
        routes=[
            Route("/SimpleNotificationService.pem", certificate),
            Route("/stranger.pem", stranger),
            Route("/", act),
        ]
    )


def control(ses: Ses) -> Starlette:
    """POST /subscriptions · POST /unsubscriptions · POST /events · GET /deliveries · POST /flush?backwards= ·
    GET, PUT /behaviour · GET /messages · POST /reset.
    """
    desk = Desk(ses)
    return Starlette(
        routes=[
            Route("/subscriptions", desk.subscribe, methods=["POST"]),
            Route("/unsubscriptions", desk.unsubscribe, methods=["POST"]),
            Route("/events", desk.publish, methods=["POST"]),
            Route("/deliveries", desk.deliveries),
            Route("/flush", desk.flush, methods=["POST"]),
            Route("/behaviour", desk.behave, methods=["GET", "PUT"]),
            Route("/messages", desk.messages),
            Route("/reset", desk.reset, methods=["POST"]),
        ]
    )


class Desk:
    """What may be asked of this SES. Whatever sends is answered once it was sent."""

    def __init__(self, ses: Ses) -> None:
        self._ses, self._topic = ses, ses.topic

    async def subscribe(self, request: Request) -> Response:
        """{"endpoint"}: it is asked to confirm."""
        self._topic.subscribe((await request.json())["endpoint"])
        await self._topic.idle()
        return JSONResponse([asdict(one) for one in self._topic.subscriptions], status_code=201)

    async def unsubscribe(self, _: Request) -> Response:
        for one in self._topic.subscriptions:
            self._topic.ask(one, "UnsubscribeConfirmation")
        await self._topic.idle()
        return Response(status_code=204)

    async def publish(self, request: Request) -> Response:
        """{"number", "kind", "type"?, "subtype"?, "status"?} of a message; or {"event": …} as it is."""
        given: dict[str, Any] = await request.json()
        if "event" in given:
            self._topic.publish(given["event"])
        else:
            number, store = given.pop("number"), self._ses.store
            kept = next(one for one in store.kept if one.number == number)
            form = self._topic.behaviour.form
            self._topic.publish(told(kept, store.raw(number), parsed(given), form))
        await self._topic.idle()
        return Response(status_code=204)

    async def deliveries(self, _: Request) -> Response:
        await self._topic.idle()
        return JSONResponse([asdict(one) for one in self._topic.deliveries])

    async def flush(self, request: Request) -> Response:
        number = self._topic.flush(backwards=request.query_params.get("backwards") == "true")
        await self._topic.idle()
        return JSONResponse({"flushed": number})

    async def behave(self, request: Request) -> Response:
        if request.method == "PUT":
            try:
                self._topic.behaviour = replace(self._topic.behaviour, **await request.json())
            except TypeError as error:
                return PlainTextResponse(str(error), 422)
        return JSONResponse(asdict(self._topic.behaviour))

    async def messages(self, _: Request) -> Response:
        kept = self._ses.store.kept
        return JSONResponse([{**one.as_json(), "ses_id": self._ses.id_of(one.number)} for one in kept])

    async def reset(self, _: Request) -> Response:
        self._topic.forget()
        return Response(status_code=204)
