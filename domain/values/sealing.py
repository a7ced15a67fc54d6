"""Texts that are handed out and taken back: the base64url of a version byte, a CRC-32 and a JSON array.

The checksum is against accidents (cut off, mistyped), not against forgery: what is sealed so says nothing that its reader may not
know, and allows nothing that the reader may not do.
"""

import base64
import binascii
import json
import zlib
from typing import Any, Final

MAX_LENGTH: Final = 1000
_VERSION: Final = 1
_PREFIX_BYTES: Final = 5


class Unsealable(ValueError):
    """It was not given out here, or not whole."""


def sealed(parts: list[Any]) -> str:
    payload = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_prefix(payload) + payload).rstrip(b"=").decode("ascii")


def unsealed(text: str, max_length: int = MAX_LENGTH) -> list[Any]:
    """What was sealed; never empty. Raises Unsealable."""
    if len(text) > max_length:
        raise Unsealable("too long")
    try:
        parts = json.loads(_payload(text.encode("ascii")))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise Unsealable("damaged") from error
    if not isinstance(parts, list) or not parts:
        raise Unsealable("empty")
    return parts


def _payload(text: bytes) -> bytes:
    content = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    prefix, payload = content[:_PREFIX_BYTES], content[_PREFIX_BYTES:]
    if prefix != _prefix(payload):
        raise Unsealable("another version, or damaged")
    return payload


def _prefix(payload: bytes) -> bytes:
    return bytes((_VERSION,)) + zlib.crc32(payload).to_bytes(4, "big")
