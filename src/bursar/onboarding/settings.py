"""What a tenant asks of whoever takes an offer: `tenants.settings["onboarding"]`, typed."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class OnboardingSettings:
    """The terms are a text or an address, under a version that each order keeps; and whom to ask about an offer."""

    terms_text: str | None = None
    terms_url: str | None = None
    terms_version: str | None = None
    contact_email: str | None = None
    contact_phone: str | None = None

    @property
    def has_terms(self) -> bool:
        return self.terms_text is not None or self.terms_url is not None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """From all of a tenant's settings."""
        given = settings.get("onboarding", {})
        return cls(**{each.name: given.get(each.name) for each in fields(cls)})
