"""What whoever takes an offer agrees to, and whom they may ask."""

from dataclasses import asdict
from typing import Annotated

from pydantic import Field

from bursar.api.acting import Acting, door
from bursar.api.values import Line, Shown, Strict
from bursar.onboarding.preferences import OnboardingInput, change_onboarding_settings, onboarding_settings

settings = door("/onboarding-settings", "settings", tag="onboarding settings")

TermsText = Annotated[str, Field(max_length=50_000)]


class OnboardingChange(Strict):
    """What is left out is not touched, what is null or empty is emptied. Other terms need another version."""

    terms_text: TermsText | None = None
    terms_url: Line | None = None
    terms_version: Line | None = None
    contact_email: Line | None = None
    contact_phone: Line | None = None


class OnboardingSettings(Shown):
    terms_text: str | None
    terms_url: str | None
    terms_version: str | None
    contact_email: str | None
    contact_phone: str | None


@settings.get("")
async def get_onboarding_settings(work: Acting) -> OnboardingSettings:
    return OnboardingSettings(**asdict(await onboarding_settings(work)))


@settings.patch("")
async def edit_onboarding_settings(work: Acting, given: OnboardingChange) -> OnboardingSettings:
    """From the next page that is opened on; each order keeps the version that was agreed to."""
    await change_onboarding_settings(work, OnboardingInput(**given.given()))
    return OnboardingSettings(**asdict(await onboarding_settings(work)))
