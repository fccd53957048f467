"""Makes early.json, early frames as INITIATION carries them, by cryptography and hashlib with fixed keys:

    .peers/bin/python test/vectors/aitcp/make_early.py > test/vectors/aitcp/early.json
"""

import hashlib
import hmac
import json

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305


def fixed(label: str, length: int = 32) -> bytes:
    """Bytes that are always the same for a label."""
    return hashlib.shake_256(b"m2m early vectors: " + label.encode()).digest(length)


def expand(secret: bytes, info: bytes) -> bytes:
    """HKDF-Expand of 32 bytes: one block is enough."""
    return hmac.new(secret, info + b"\x01", hashlib.sha256).digest()


def varint(value: int) -> bytes:
    """Unsigned LEB128 in its shortest form."""
    low, high = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(high) if high else bytes([low])


def message(stream: int, number: int, content: bytes) -> bytes:
    """A whole message: MESSAGE_LAST."""
    return b"\x02" + varint(stream) + varint(number) + varint(0) + varint(len(content)) + content


def end(stream: int, count: int) -> bytes:
    return b"\x03" + varint(stream) + varint(count)


def make(name: str, frames: bytes, padded_to: int | None) -> dict:
    ticket_key, handshake_hash = fixed(f"{name} ticket"), fixed(f"{name} hash")
    key = expand(ticket_key, b"AI-TCP/1 early" + handshake_hash)
    record = frames if padded_to is None else frames.ljust(padded_to, b"\0")
    sealed = ChaCha20Poly1305(key).encrypt(bytes(12), record, handshake_hash)
    return {
        "name": name,
        "ticketKey": ticket_key.hex(),
        "handshakeHash": handshake_hash.hex(),
        "isPadded": padded_to is not None,
        "frames": frames.hex(),
        "early": sealed.hex(),
    }


cases = [
    make("one message", message(0, 0, b"hello"), None),
    make("a message and the end of its stream", message(4, 0, b"{}") + end(4, 1), None),
    make("an empty message", message(2, 0, b""), None),
    make("two streams, padded to the least", message(0, 0, fixed("a", 70)) + end(0, 1) + message(2, 0, b"b"), 256),
    # Padmé: 1,000 bytes and the 6 before them, up to the next multiple of 2^(9 - 4).
    make("long, padded", message(6, 0, fixed("long", 1000)), 1024),
]
print(json.dumps({"cases": cases}, indent=2))
