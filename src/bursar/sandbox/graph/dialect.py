"""How Microsoft Graph words a refusal."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4


@dataclass
class Graph:
    reasons: Mapping[str, str] = field(
        default_factory=lambda: {
            "unauthenticated": "InvalidAuthenticationToken",
            "scope": "ErrorAccessDenied",
            "invalid": "BadRequest",
            "media": "UnsupportedMediaType",
            "concurrent": "ApplicationThrottled",
        }
    )

    def refused(self, error: Mapping[str, Any], words: str, headers: Mapping[str, str]) -> Any:  # noqa: ARG002  Graph says it in the headers alone
        at = datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%S")
        inner = {"date": at, "request-id": str(uuid4()), "client-request-id": str(uuid4())}
        return {"error": {"code": error["code"], "message": words, "innerError": inner}}
