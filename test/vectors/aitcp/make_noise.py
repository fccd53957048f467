"""Makes noise.json by the package noiseprotocol with fixed keys, in the form of the public suites:

    .peers/bin/python test/vectors/aitcp/make_noise.py > test/vectors/aitcp/noise.json
"""

import hashlib
import json

from noise.connection import Keypair, NoiseConnection

SUITE = "25519_ChaChaPoly_SHA256"
LENGTHS = [[0, 0, 0, 0, 0], [1, 17, 100, 300, 64], [1000, 0, 600, 1, 2000]]


def fixed(label: str, length: int = 32) -> bytes:
    """Bytes that are always the same for a label."""
    return hashlib.shake_256(b"m2m noise vectors: " + label.encode()).digest(length)


def connection(name: str, label: str, initiator: bool, statics: dict) -> NoiseConnection:
    own, other = ("i", "r") if initiator else ("r", "i")
    noise = NoiseConnection.from_name(name.encode())
    if "psk" in name:
        noise.set_psks(psk=fixed(f"{label} psk"))
    noise.set_prologue(fixed(f"{label} prologue", 20))
    noise.set_keypair_from_private_bytes(Keypair.STATIC, fixed(f"{label} {own} static"))
    noise.set_keypair_from_private_bytes(Keypair.EPHEMERAL, fixed(f"{label} {own} ephemeral"))
    if initiator and "IK" in name:
        noise.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, statics[other])
    noise.set_as_initiator() if initiator else noise.set_as_responder()
    noise.start_handshake()
    return noise


def public_of(private: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def make(pattern: str, lengths: list) -> dict:
    name = f"Noise_{pattern}_{SUITE}"
    label = f"{pattern} {lengths}"
    statics = {role: public_of(fixed(f"{label} {role} static")) for role in "ir"}
    sides = [connection(name, label, initiator, statics) for initiator in (True, False)]
    messages = []
    for number, length in enumerate(lengths):
        sender, receiver = sides if number % 2 == 0 else sides[::-1]
        payload = fixed(f"{label} payload {number}", length)
        if sender.handshake_finished:
            ciphertext = sender.encrypt(payload)
            assert receiver.decrypt(ciphertext) == payload
        else:
            ciphertext = sender.write_message(payload)
            assert receiver.read_message(bytes(ciphertext)) == payload
        messages.append({"payload": payload.hex(), "ciphertext": bytes(ciphertext).hex()})
    case = {
        "protocol_name": name,
        "init_prologue": fixed(f"{label} prologue", 20).hex(),
        "init_static": fixed(f"{label} i static").hex(),
        "init_ephemeral": fixed(f"{label} i ephemeral").hex(),
        "resp_prologue": fixed(f"{label} prologue", 20).hex(),
        "resp_static": fixed(f"{label} r static").hex(),
        "resp_ephemeral": fixed(f"{label} r ephemeral").hex(),
        "handshake_hash": sides[0].get_handshake_hash().hex(),
        "messages": messages,
    }
    if "IK" in pattern:
        case["init_remote_static"] = statics["r"].hex()
    if "psk" in pattern:
        case["init_psks"] = case["resp_psks"] = [fixed(f"{label} psk").hex()]
    return case


print(json.dumps({"cases": [make(p, l) for p in ("XX", "IK", "IKpsk2", "XXpsk3") for l in LENGTHS]}, indent=2))
