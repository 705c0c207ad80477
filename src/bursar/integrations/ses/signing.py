"""Whether SNS itself said it: the signature of a notification, and the certificate it is held against.

The certificate's address stands in the message, so it is believed of Amazon's own hosts only, over TLS, without
following anybody elsewhere; and it is looked at before anything else of the message is. Source: SNS, "verifying the
signatures of messages"; notes of the contract.
"""

import asyncio
import base64
import binascii
import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from bursar.integrations.oauth.endpoint import read_capped
from bursar.outbox.ports import Forged, NoAnswer

AMAZON = re.compile(r"sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?")
TIMEOUT = httpx2.Timeout(10, connect=5)  # seconds
LARGEST = 64 * 1024  # bytes of a certificate, or of an answer to a confirmation
KEPT = 20  # certificates; Amazon has one a region and changes it seldom
NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
SUBSCRIPTION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED = {
    "Notification": NOTIFICATION,
    "SubscriptionConfirmation": SUBSCRIPTION,
    "UnsubscribeConfirmation": SUBSCRIPTION,
}
HASHES: Mapping[str, type[HashAlgorithm]] = {"1": SHA1, "2": SHA256}


class Certificates:
    """Public keys by the address of their certificate, fetched once."""

    def __init__(
        self, more_hosts: frozenset[str] = frozenset(), transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._more, self._transport = more_hosts, transport
        self._keys: OrderedDict[str, RSAPublicKey] = OrderedDict()
        self._fetching = asyncio.Lock()

    async def verify(self, told: Mapping[str, Any]) -> None:
        """Raises `Forged` unless the signature is Amazon's, `NoAnswer` when its certificate cannot be had."""
        hashed = HASHES.get(str(told.get("SignatureVersion")))
        if hashed is None or told.get("Type") not in SIGNED:
            raise Forged("signature version or type")
        try:
            signature = base64.b64decode(str(told.get("Signature")), validate=True)
        except binascii.Error:
            raise Forged("signature") from None
        key = await self._key(str(told.get("SigningCertURL", "")))
        try:
            key.verify(signature, text_to_sign(told).encode(), PKCS1v15(), hashed())
        except InvalidSignature:
            raise Forged("signature") from None

    def trusted(self, url: str) -> SplitResult:
        """An address at SNS. Raises `Forged` for any other."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            raise Forged("address") from None
        ours = f"{host}:{port}" in self._more
        amazons = parts.scheme == "https" and port in (None, 443) and AMAZON.fullmatch(host) is not None
        if parts.username or parts.password or not (amazons or (ours and parts.scheme in ("http", "https"))):
            raise Forged("address")
        return parts

    async def get(self, url: str) -> bytes:
        """Raises `NoAnswer`. What leads elsewhere is not followed."""
        try:
            async with (
                httpx2.AsyncClient(timeout=TIMEOUT, transport=self._transport) as http,
                http.stream("GET", url, follow_redirects=False) as response,
            ):
                body = await read_capped(response, LARGEST)
        except httpx2.HTTPError as error:
            raise NoAnswer(type(error).__name__) from error
        if response.status_code != httpx2.codes.OK:
            raise NoAnswer(f"HTTP {response.status_code}")
        return body

    async def _key(self, url: str) -> RSAPublicKey:
        if not self.trusted(url).path.endswith(".pem"):
            raise Forged("address")
        async with self._fetching:
            if url not in self._keys:
                pem = await self.get(url)
                try:
                    key = x509.load_pem_x509_certificate(pem).public_key()
                except ValueError:
                    raise Forged("certificate") from None
                if not isinstance(key, RSAPublicKey):
                    raise Forged("certificate")
                self._keys[url] = key
                if len(self._keys) > KEPT:
                    self._keys.popitem(last=False)
            return self._keys[url]


def text_to_sign(told: Mapping[str, Any]) -> str:
    """Names and values line by line, in the order of the names; a subject only where there is one."""
    names = SIGNED[told["Type"]]
    return "".join(f"{name}\n{told[name]}\n" for name in names if told.get(name) is not None)
