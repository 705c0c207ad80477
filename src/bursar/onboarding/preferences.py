"""What a tenant asks of whoever takes an offer, read and changed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, TypedDict

from bursar.core.errors import N_, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.work import Work
from bursar.onboarding.settings import OnboardingSettings
from bursar.tenancy import cells, tenants
from bursar.tenancy.phones import parse_phone

LONGEST_TERMS = 50_000
LONGEST_VERSION = 40
_ADDRESS = re.compile(r"https://[^\s/@]+\.[^\s/@]+(/\S*)?")


class OnboardingInput(TypedDict, total=False):
    """What is left out is not touched, what is None or blank is emptied."""

    terms_text: str | None
    terms_url: str | None
    terms_version: str | None
    contact_email: str | None
    contact_phone: str | None


async def onboarding_settings(work: Work) -> OnboardingSettings:
    return OnboardingSettings.of(await tenants.settings_of(work))


async def change_onboarding_settings(work: Work, given: OnboardingInput) -> None:
    """From the next page that is opened on; whoever agreed before agreed to what they saw.

    Raises `Invalid` by field: also for new words under the version of the old ones, since then nobody could say
    any more who agreed to which.
    """
    work.allow(AgentRole.ADMIN)
    region = await tenants.region_of(work)
    checked = {name: _checked(name, value, region) for name, value in given.items()}
    before = _plain(await onboarding_settings(work))
    after = {name: value for name, value in {**before, **checked}.items() if value is not None}
    if after == before:
        return
    _check_terms(before, after)
    changed = sorted(name for name in after.keys() | before.keys() if after.get(name) != before.get(name))
    sides = {
        "before": {name: before.get(name) for name in changed},
        "after": {name: after.get(name) for name in changed},
    }
    await tenants.change_settings(work, {"onboarding": after}, changes=sides)


def _plain(told: OnboardingSettings) -> dict[str, Any]:
    return {name: value for name, value in asdict(told).items() if value is not None}


def _check_terms(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    words = [name for name in ("terms_text", "terms_url") if name in after]
    if len(words) > 1:
        raise Invalid(
            N_("Give the terms either as a text or as an address, not both."),
            code="terms_twice",
            field="terms_url",
        )
    if words and "terms_version" not in after:
        raise Invalid(
            N_("Give the terms a version, like 2026-11: each order keeps which one was agreed to."),
            code="terms_version_missing",
            field="terms_version",
        )
    had = any(before.get(name) for name in ("terms_text", "terms_url"))
    others = any(before.get(name) != after.get(name) for name in ("terms_text", "terms_url"))
    if had and words and others and before.get("terms_version") == after.get("terms_version"):
        raise Invalid(
            N_("These are other words than those of version %(version)s. Give them a version of their own."),
            code="terms_version_same",
            field="terms_version",
            version=after["terms_version"],
        )


def _checked(name: str, value: Any, region: str) -> str | None:
    if name not in _CHECKS:
        raise Invalid(N_("There is no field %(name)s."), code="field_unknown", field=name, name=name)
    if value is None or cells.says_nothing(value):
        return None
    return _CHECKS[name](value, region)


def _address(value: str, _: str) -> str:
    text = cells.parse_name(value, field="terms_url", limit=500)
    if not _ADDRESS.fullmatch(text):
        raise Invalid(
            N_("Write a web address that begins with https://."),
            code="web_address_unusable",
            field="terms_url",
        )
    return text


_CHECKS: dict[str, Callable[[str, str], str]] = {
    "terms_text": lambda value, _: cells.parse_text(value, field="terms_text", limit=LONGEST_TERMS),
    "terms_url": _address,
    "terms_version": lambda value, _: cells.parse_name(value, field="terms_version", limit=LONGEST_VERSION),
    "contact_email": lambda value, _: cells.parse_email(value, field="contact_email")[0],
    "contact_phone": lambda value, region: parse_phone(value, region, field="contact_phone"),
}
