"""How Gmail words a refusal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Gmail:
    reasons: Mapping[str, str] = field(
        default_factory=lambda: {
            "unauthenticated": "authError",
            "scope": "insufficientPermissions",
            "invalid": "invalidArgument",
            "media": "badRequest",
            "concurrent": "concurrentRequests",
        }
    )

    def refused(self, error: Mapping[str, Any], words: str, headers: Mapping[str, str]) -> Any:  # noqa: ARG002  Graph says it in the body
        one = {"message": words, "domain": error["domain"], "reason": error["reason"]}
        return {
            "error": {
                "code": error["status"],
                "message": words,
                "errors": [one],
                "status": error["state"],
            }
        }
