"""How SNS signs: certain fields in the order of their names, version 1 by SHA-1 and version 2 by SHA-256."""

import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Signatory:
    """A key and a certificate that nobody but its tests should believe."""

    key: rsa.RSAPrivateKey = field(default_factory=_new_key)
    pem: bytes = field(init=False)

    def __post_init__(self) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com of the sandbox")])
        now = datetime.fromtimestamp(time.time(), UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=30))
            .sign(self.key, SHA256())
        )
        self.pem = certificate.public_bytes(Encoding.PEM)

    def signature(self, message: Mapping[str, str], version: str) -> str:
        told = said(message).encode()
        algorithm = SHA1() if version == "1" else SHA256()
        return b64encode(self.key.sign(told, padding.PKCS1v15(), algorithm)).decode()


def said(message: Mapping[str, str]) -> str:
    """What is signed of a message; a subject that is not there is left out."""
    names = NOTIFICATION if message["Type"] == "Notification" else CONFIRMATION
    return "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
