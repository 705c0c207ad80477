"""A till at a simulated Stripe: our adapter, with a reader of our contract on its way."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bursar.billing.tills.ports import CheckoutRequest
from bursar.integrations.stripe.adapter import StripeTill
from tests.contracts import Reader
from tests.makers.stripe_tills import AMOUNT, Opening, a_till
from tests.payments import StripeProcess


@pytest.fixture
async def till(stripe: StripeProcess) -> AsyncIterator[StripeTill]:
    """No request of its test is off our contract."""
    Reader.broken.clear()
    till = a_till(stripe)
    yield till
    await till.close()
    assert Reader.broken == []


@pytest.fixture
def asked(stripe: StripeProcess) -> Opening:
    """What a room wants paid, an hour from now by the provider's own clock."""

    def asking(**given: Any) -> CheckoutRequest:
        now = datetime.now(UTC)
        usual = CheckoutRequest(
            key="0190aa/1",
            reference="0190aa",
            amount=AMOUNT,
            description="تأسيس شركة · Company formation",
            success_url="https://firm.example/pay/t/return?session={CHECKOUT_SESSION_ID}",
            cancel_url="https://firm.example/pay/t/cancel",
            expires_at=now.replace(microsecond=0) + timedelta(hours=1),
            locale="ar",
            email="lina@example.com",
            metadata={"order": "0190bb"},
        )
        return replace(usual, **given)

    return asking


@pytest.fixture
async def paid(till: StripeTill, stripe: StripeProcess, asked: Opening) -> str:
    """The payment intent of a checkout that was paid."""
    session = (await till.open(asked())).session_id
    stripe.pay(session)
    intent = (await till.retrieve(session)).payment_intent
    assert intent
    return intent
