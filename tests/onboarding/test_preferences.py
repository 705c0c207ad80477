"""What a firm asks of whoever takes an offer."""

import pytest

from bursar.core.errors import Invalid, NotAllowed
from bursar.core.kinds import AgentRole
from bursar.core.work import Work
from bursar.onboarding.preferences import change_onboarding_settings, onboarding_settings
from bursar.onboarding.settings import OnboardingSettings
from tests.makers.tenancy import acting, events_of

pytestmark = pytest.mark.anyio


async def test_a_firm_that_said_nothing_asks_for_nothing(work: Work) -> None:
    told = await onboarding_settings(work)
    assert told == OnboardingSettings()
    assert not told.has_terms


async def test_terms_contact_and_version_are_kept_and_what_is_left_out_stays(work: Work) -> None:
    await change_onboarding_settings(
        work,
        {"terms_text": " We work.\nYou pay. ", "terms_version": "2026-11", "contact_phone": "050 123 4567"},
    )
    await change_onboarding_settings(work, {"contact_email": "Hello@Firm.example"})

    told = await onboarding_settings(work)

    assert told.terms_text == "We work.\nYou pay."
    assert (told.terms_version, told.contact_phone) == ("2026-11", "+971501234567")
    assert told.contact_email == "Hello@firm.example"
    assert await events_of(work, work.tenant_id) == ["tenant.edit_settings"] * 2


async def test_the_same_again_leaves_no_trace(work: Work) -> None:
    for _ in range(2):
        await change_onboarding_settings(work, {"terms_text": "We work.", "terms_version": "1"})
    assert await events_of(work, work.tenant_id) == ["tenant.edit_settings"]


async def test_other_words_need_another_version(work: Work) -> None:
    await change_onboarding_settings(work, {"terms_text": "We work.", "terms_version": "1"})

    with pytest.raises(Invalid) as refused:
        await change_onboarding_settings(work, {"terms_text": "We rest."})
    with pytest.raises(Invalid):
        await change_onboarding_settings(
            work, {"terms_text": None, "terms_url": "https://firm.example/terms"}
        )

    assert (refused.value.code, refused.value.field) == ("terms_version_same", "terms_version")
    assert (await onboarding_settings(work)).terms_text == "We work."
    await change_onboarding_settings(work, {"terms_text": "We rest.", "terms_version": "2"})
    assert (await onboarding_settings(work)).terms_text == "We rest."


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"terms_text": "We work."}, "terms_version_missing", "terms_version"),
        (
            {"terms_text": "We work.", "terms_url": "https://firm.example/t", "terms_version": "1"},
            "terms_twice",
            "terms_url",
        ),
        ({"terms_url": "javascript:alert(1)", "terms_version": "1"}, "web_address_unusable", "terms_url"),
        ({"terms_url": "http://firm.example/t", "terms_version": "1"}, "web_address_unusable", "terms_url"),
        ({"contact_email": "one@a.example, two@b.example"}, "email_not_one", "contact_email"),
        ({"contact_phone": "12"}, "phone_invalid", "contact_phone"),
        ({"terms_text": "x" * 50_001, "terms_version": "1"}, "text_too_long", "terms_text"),
        ({"price": "0"}, "field_unknown", "price"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field(work: Work, given: dict, code: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await change_onboarding_settings(work, given)  # pyright: ignore[reportArgumentType]  # wrong on purpose
    assert (refused.value.code, refused.value.field) == (code, field)
    assert await onboarding_settings(work) == OnboardingSettings()


async def test_whoever_is_no_administrator_changes_nothing(work: Work) -> None:
    for role in (AgentRole.AGENT, AgentRole.VIEWER):
        work.actor = acting(role)
        with pytest.raises(NotAllowed):
            await change_onboarding_settings(work, {"terms_text": "Mine", "terms_version": "1"})
