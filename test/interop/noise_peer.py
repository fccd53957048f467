"""A Noise peer over TCP, by the package noiseprotocol. Messages have their length before them, in 2 bytes.

noise_peer.py listen|connect PORT PATTERN OWN_STATIC REMOTE_STATIC PSK (keys in hex, - for none)

A responder (listen) prints its port; both answer each sealed message by the same bytes reversed until the end, and print
the handshake hash.
"""

import socket
import sys

from noise.connection import Keypair, NoiseConnection


def read_exactly(stream, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = stream.recv(length - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def receive(stream) -> bytes:
    return read_exactly(stream, int.from_bytes(read_exactly(stream, 2), "big"))


def send(stream, message: bytes) -> None:
    stream.sendall(len(message).to_bytes(2, "big") + message)


role, port, pattern, own, remote, psk = sys.argv[1:]
noise = NoiseConnection.from_name(f"Noise_{pattern}_25519_ChaChaPoly_SHA256".encode())
if psk != "-":
    noise.set_psks(psk=bytes.fromhex(psk))
noise.set_prologue(b"AI-TCP/1 over TCP")
noise.set_keypair_from_private_bytes(Keypair.STATIC, bytes.fromhex(own))
if remote != "-":
    noise.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, bytes.fromhex(remote))

if role == "listen":
    noise.set_as_responder()
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    stream, _ = server.accept()
else:
    noise.set_as_initiator()
    stream = socket.create_connection(("127.0.0.1", int(port)))

noise.start_handshake()
writes = role == "connect"
while not noise.handshake_finished:
    if writes:
        send(stream, noise.write_message(b"hello from Python"))
    else:
        assert noise.read_message(receive(stream)) == b"hello from Node"
    writes = not writes
print(noise.get_handshake_hash().hex(), flush=True)

try:
    while True:
        send(stream, noise.encrypt(bytes(noise.decrypt(receive(stream)))[::-1]))
except EOFError:
    pass
