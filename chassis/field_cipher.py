"""Personal fields at rest: encrypted, and findable only by a keyed hash."""

import base64
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class FieldCipher:
    """Encrypts personal fields (AES-256-GCM) and makes keyed hashes for finding them."""

    def __init__(self, key: str) -> None:
        raw = base64.urlsafe_b64decode(key + "==")
        if len(raw) != 32:
            raise ValueError("FIELD_KEY is wrong: it is 32 bytes in base64url")
        self._aead = AESGCM(hashlib.sha256(b"encrypt" + raw).digest())
        self._hash_key = hashlib.sha256(b"find" + raw).digest()

    def encrypt(self, text: str) -> bytes:
        """Nonce and ciphertext."""
        nonce = os.urandom(12)
        return nonce + self._aead.encrypt(nonce, text.encode(), None)

    def decrypt(self, sealed: bytes) -> str:
        """The text that was encrypted."""
        return self._aead.decrypt(sealed[:12], sealed[12:], None).decode()

    def fingerprint(self, text: str) -> str:
        """The same for the same text, and useless without the key."""
        return hmac.new(self._hash_key, text.encode(), hashlib.sha256).hexdigest()
