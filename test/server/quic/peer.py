"""A client of `m2m/1` on aioquic. Usage: peer.py SCENARIO PORT CA_FILE [ARGUMENT]; prints one JSON object."""

import asyncio
import json
import os
import sys
import time

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted, StopSendingReceived, StreamReset

TEXT, BINARY, TOKEN = 0x01, 0x02, 0x03
HELLO = {
    "type": "HELLO",
    "payload": {
        "version": "3.0",
        "agent_id": "peer",
        "agent_type": "client",
        "compression": {
            "algorithms": ["none"],
            "max_payload": 0,
            "streaming": False,
            "ml_routing": False,
            "encodings": ["Cl100kBase"],
            "preferred_encoding": "Cl100kBase",
        },
        "security": {
            "threat_detection": False,
            "model_version": None,
            "blocking_mode": False,
            "block_threshold": 0.8,
        },
        "extensions": {},
    },
    "timestamp": 1795228212996,
}


def leb128(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def frame(kind, body):
    return leb128(len(body) + 1) + bytes([kind]) + body


def message(value):
    return frame(TEXT, json.dumps(value).encode())


def read_binary(body):
    """DATA as bytes, of the algorithm `none`."""
    form, flags, algorithm = body[:3]
    assert (form, algorithm) == (1, 0), body[:3]
    value = {"type": "DATA", "timestamp": int.from_bytes(body[3:9], "big")}
    offset = 9

    def number():
        nonlocal offset
        result, shift = 0, 0
        while True:
            byte = body[offset]
            offset += 1
            result |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return result

    if flags & 1:
        value["sequence"] = number()
    if flags & 2:
        value["ack"] = number()
    if flags & 4:
        length = number()
        value["cursor"] = body[offset : offset + length].decode()
        offset += length
    size = number() if flags & 8 else None
    assert not flags & ~15, flags
    content = body[offset:]
    assert size in (None, len(content)), size
    return {**value, "payload": {"algorithm": "none", "content": content.decode()}}


def binary(content, sequence):
    """The same, written: with a sequence."""
    head = bytes([1, 1, 0]) + (1795228212996).to_bytes(6, "big") + leb128(sequence)
    return frame(BINARY, head + content.encode())


class Protocol(QuicConnectionProtocol):
    """Keeps the events that the stream interface swallows."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.terminated = asyncio.get_running_loop().create_future()
        self.handshake = None
        self.resets = {}
        self.reset_seen = asyncio.Event()

    def quic_event_received(self, event):
        if isinstance(event, HandshakeCompleted):
            self.handshake = event
        if isinstance(event, (StreamReset, StopSendingReceived)):
            self.resets.setdefault(event.stream_id, event.error_code)
            self.reset_seen.set()
        if isinstance(event, ConnectionTerminated) and not self.terminated.done():
            self.terminated.set_result(event)
        super().quic_event_received(event)


class Session:
    def __init__(self, reader, writer):
        self.reader, self.writer, self.id = reader, writer, None

    @property
    def stream_id(self):
        return self.writer.get_extra_info("stream_id")

    def send(self, value):
        self.writer.write(message(value))

    def data(self, content):
        payload = {"algorithm": "none", "content": content}
        self.send({"type": "DATA", "session_id": self.id, "payload": payload, "timestamp": 1})

    def signal(self, kind):
        self.send({"type": kind, "session_id": self.id, "payload": {}, "timestamp": 1})

    async def receive(self):
        length, shift = 0, 0
        while True:
            (byte,) = await self.reader.readexactly(1)
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        body = await self.reader.readexactly(length)
        self.last_kind = body[0]
        assert body[0] in (TEXT, BINARY), body[0]
        return json.loads(body[1:]) if body[0] == TEXT else read_binary(body[1:])

    async def hello(self):
        self.send(HELLO)
        accept = await self.receive()
        self.id = accept.get("session_id")
        return accept


async def open_session(client):
    return Session(*await client.create_stream())


def configuration(ca, **options):
    options.setdefault("alpn_protocols", ["m2m/1"])
    config = QuicConfiguration(
        is_client=True, server_name="localhost", max_data=64 << 20, max_stream_data=16 << 20, **options
    )
    if ca:
        config.load_verify_locations(ca)
    return config


def dial(port, ca, prepare=None, ticket_handler=None, wait_connected=True, **options):
    def create(*args, **kwargs):
        protocol = Protocol(*args, **kwargs)
        if prepare:
            prepare(protocol)
        return protocol

    return connect(
        "127.0.0.1",
        port,
        configuration=configuration(ca, **options),
        create_protocol=create,
        session_ticket_handler=ticket_handler,
        wait_connected=wait_connected,
    )


def ended(event):
    return {"code": event.error_code, "frame": event.frame_type, "reason": event.reason_phrase}


async def refused(port, ca, prepare=None, **options):
    """How a handshake fails."""
    protocols = []

    def keep(protocol):
        protocols.append(protocol)
        if prepare:
            prepare(protocol)

    try:
        async with dial(port, ca, prepare=keep, **options):
            return {"connected": True}
    except ConnectionError:
        return {"connected": False, **ended(await protocols[0].terminated)}


async def session(port, ca, _):
    async with dial(port, ca) as client:
        one = await open_session(client)
        types = [(await one.hello())["type"]]
        one.data("Grüße 🙂")
        answer = await one.receive()
        one.signal("PING")
        types += [answer["type"], (await one.receive())["type"]]
        one.signal("CLOSE")
        types.append((await one.receive())["type"])
        rest = await one.reader.read()
        return {
            "ended": client.resets.get(one.stream_id),
            "alpn": client.handshake.alpn_protocol,
            "types": types,
            "echo": answer["payload"]["content"],
            "end": len(rest),
            "retries": client._quic._retry_count,
        }


async def untrusted(port, _ca, _):
    return await refused(port, None)


async def alpn(port, ca, _):
    return await refused(port, ca, alpn_protocols=["h3"])


async def tls12(port, ca, _):
    """Offers no version of TLS but 1.2."""

    def prepare(protocol):
        initialize = protocol._quic._initialize

        def initialize_old(peer_cid):
            initialize(peer_cid)
            protocol._quic.tls._supported_versions = [0x0303]

        protocol._quic._initialize = initialize_old

    return await refused(port, ca, prepare=prepare)


async def many(port, ca, argument):
    count = int(argument)
    async with dial(port, ca) as client:
        one = await open_session(client)
        await one.hello()
        for index in range(count):
            one.data(f"message {index}")
        answers = [(await one.receive())["payload"]["content"] for _ in range(count)]
        return {"inOrder": answers == [f"message {index}" for index in range(count)]}


async def large(port, ca, argument):
    async with dial(port, ca) as client:
        one = await open_session(client)
        await one.hello()
        content = "0123456789abcdef" * (int(argument) // 16)
        one.data(content)
        return {"same": (await one.receive())["payload"]["content"] == content}


async def streams(port, ca, argument):
    async def run(client, name):
        one = await open_session(client)
        await one.hello()
        echoes = []
        for index in range(5):
            one.data(f"{name}/{index}")
            echoes.append((await one.receive())["payload"]["content"])
        return one.id, echoes == [f"{name}/{index}" for index in range(5)]

    async with dial(port, ca) as client:
        results = await asyncio.gather(*(run(client, name) for name in range(int(argument))))
        return {"sessions": len({id for id, _ in results}), "right": all(right for _, right in results)}


async def sequence(port, ca, argument):
    """More streams, one behind the other, than may be open at a time."""
    async with dial(port, ca) as client:
        for _ in range(int(argument)):
            one = await open_session(client)
            await one.hello()
            one.signal("CLOSE")
            await one.receive()
            await one.reader.read()
        return {"done": True}


async def early(port, ca, _):
    """Comes back with a ticket, and sends early data though nobody offers to take it."""
    tickets = []
    async with dial(port, ca, ticket_handler=tickets.append) as client:
        one = await open_session(client)
        await one.hello()
        while not tickets:
            await client.ping()
    ticket = tickets[0]
    offered = ticket.max_early_data_size
    ticket.max_early_data_size = 0xFFFFFFFF
    async with dial(port, ca, session_ticket=ticket, wait_connected=False) as client:
        one = await open_session(client)
        accept = await one.hello()
        return {
            "offered": offered,
            "accepted": client.handshake.early_data_accepted,
            "resumed": client.handshake.session_resumed,
            "type": accept["type"],
        }


async def push(port, ca, _):
    async with dial(port, ca) as client:
        one = await open_session(client)
        await one.hello()
        print(json.dumps({"id": one.id}), flush=True)
        pushed = [(await one.receive())["payload"]["content"] for _ in range(3)]
        last = (await one.receive())["type"]
        await one.reader.read()
        return {"pushed": pushed, "last": last, "ended": client.resets.get(one.stream_id)}


async def numbered(port, ca, _):
    """DATA with sequences, as bytes: what comes back says what has been dealt with."""
    async with dial(port, ca) as client:
        one = await open_session(client)
        await one.hello()
        for index in (1, 2):
            one.writer.write(binary(f"number {index}", index))
        answers = [await one.receive() for _ in range(2)]
        return {
            "kind": one.last_kind,
            "acks": [answer["ack"] for answer in answers],
            "echoes": [answer["payload"]["content"] for answer in answers],
        }


async def window(port, ca, _):
    """Takes two messages of the mailbox at a time, and says when they are there."""
    async with dial(port, ca) as client:
        one = await open_session(client)
        one.send({**HELLO, "window": 2})
        one.id = (await one.receive())["session_id"]
        print(json.dumps({"id": one.id}), flush=True)
        seen = [await one.receive() for _ in range(2)]
        one.data("between")
        while (answer := await one.receive()).get("cursor"):
            seen.append(answer)
        before = len(seen)
        ping = {"type": "PING", "session_id": one.id, "payload": {}, "timestamp": 1}
        one.send({**ping, "cursor": seen[-1]["cursor"]})
        while len(seen) < 4:
            message = await one.receive()
            if message["type"] == "DATA":
                seen.append(message)
        return {"before": before, "contents": [one["payload"]["content"] for one in seen]}


async def again(port, ca, _):
    """Says that the first of three messages has arrived, is cut off, and comes back."""
    async with dial(port, ca) as client:
        one = await open_session(client)
        await one.hello()
        print(json.dumps({"id": one.id}), flush=True)
        pushed = [await one.receive() for _ in range(3)]
        ping = {"type": "PING", "session_id": one.id, "payload": {}, "timestamp": 1}
        one.send({**ping, "cursor": pushed[0]["cursor"]})
        await one.receive()
    async with dial(port, ca) as client:
        two = await open_session(client)
        two.send(ping)
        assert (await two.receive())["type"] == "PONG"
        rest = [await two.receive() for _ in range(2)]
        return {
            "first": [message["payload"]["content"] for message in pushed],
            "second": [message["payload"]["content"] for message in rest],
        }


async def takeover(port, ca, _):
    """Two streams say that they have the same session."""
    async with dial(port, ca) as client:
        one = await open_session(client)
        await one.hello()
        two = await open_session(client)
        two.id = one.id
        two.signal("PING")
        kind = (await two.receive())["type"]
        await asyncio.wait_for(client.reset_seen.wait(), 10)
        two.data("mine now")
        echo = (await two.receive())["payload"]["content"]
        return {"type": kind, "resets": list(client.resets.values()), "echo": echo}


async def channel(port, ca, _):
    """Two agents of a channel, on two connections."""
    async with dial(port, ca) as client, dial(port, ca) as other:
        hello = json.loads(json.dumps(HELLO))
        hello["payload"]["extensions"]["channel"] = "room"
        agents = [await open_session(client), await open_session(other)]
        for agent in agents:
            agent.send(hello)
            agent.id = (await agent.receive())["session_id"]
        agents[0].data("from one")
        agents[1].data("from two")
        return {"heard": [(await agent.receive())["payload"]["content"] for agent in agents]}


async def resume(port, ca, _):
    """Goes on with a session on another connection."""
    async with dial(port, ca) as client:
        one = await open_session(client)
        await one.hello()
    async with dial(port, ca) as client:
        two = await open_session(client)
        two.id = one.id
        two.signal("PING")
        pong = await two.receive()
        print(json.dumps({"id": one.id}), flush=True)
        return {"type": pong["type"], "pushed": (await two.receive())["payload"]["content"]}


async def raw(port, ca, argument):
    """Sends bytes on a stream of their own, and says what becomes of it; another session lives on."""
    async with dial(port, ca) as client:
        other = await open_session(client)
        await other.hello()
        one = await open_session(client)
        if argument.startswith("session:"):
            await one.hello()
            argument = argument.removeprefix("session:")
        if argument.startswith("repeat:"):
            _, count, part = argument.split(":")
            one.writer.write(bytes.fromhex(part) * int(count))
        else:
            one.writer.write(bytes.fromhex(argument))
        await asyncio.wait_for(client.reset_seen.wait(), 10)
        other.data("still here")
        echo = (await other.receive())["payload"]["content"]
        return {"reset": client.resets.get(one.stream_id), "echo": echo}


async def refusal(port, ca, argument):
    """What is said of a message that is not taken, before the stream ends."""
    async with dial(port, ca) as client:
        one = await open_session(client)
        if argument.startswith("session:"):
            await one.hello()
        if argument == "session:hello":
            one.send(HELLO)
        elif argument == "session:other":
            one.id = "another"
            one.signal("PING")
        elif argument == "unknown":
            one.id = "another"
            one.signal("PING")
        elif argument == "binary":
            one.writer.write(binary("x", 1))
        else:
            one.writer.write(frame(TEXT, b"{"))
        answer = await one.receive()
        rest = await one.reader.read()
        return {"type": answer["type"], "rest": len(rest), "ended": client.resets.get(one.stream_id)}


async def token(port, ca, argument):
    async with dial(port, ca) as client:
        one = await open_session(client)
        if argument:
            one.writer.write(frame(TOKEN, argument.encode()))
        one.send(HELLO)
        answer = asyncio.ensure_future(one.receive())
        reset = asyncio.ensure_future(client.reset_seen.wait())
        await asyncio.wait([answer, reset], return_when=asyncio.FIRST_COMPLETED, timeout=10)
        if reset.done():
            answer.cancel()
            return {"reset": client.resets[one.stream_id]}
        reset.cancel()
        return {"type": answer.result()["type"]}


async def unidirectional(port, ca, _):
    async with dial(port, ca) as client:
        stream_id = client._quic.get_next_available_stream_id(is_unidirectional=True)
        client._quic._remote_max_streams_uni = 1
        client._quic._remote_max_stream_data_uni = 100
        client._quic.send_stream_data(stream_id, b"x")
        client.transmit()
        return ended(await asyncio.wait_for(client.terminated, 10))


async def wait(port, ca, _):
    """Stays until the connection ends, without a word."""
    async with dial(port, ca) as client:
        one = await open_session(client)
        await one.hello()
        print(json.dumps({"id": one.id}), flush=True)
        return ended(await client.terminated)


async def linger(port, ca, _):
    """A message that the server is still busy with when it is told to close."""
    async with dial(port, ca) as client:
        one = await open_session(client)
        await one.hello()
        one.data("last words")
        answer = await one.receive()
        return {"echo": answer["payload"]["content"], **ended(await client.terminated)}


async def abandon(port, ca, _):
    """Resets streams in the middle of messages, and of answers."""
    async with dial(port, ca) as client:
        for index in range(20):
            one = await open_session(client)
            await one.hello()
            if index % 2:
                one.data("x" * 100_000)
            one.writer.write(leb128(5000) + bytes([TEXT]) + b"{")
            client._quic.reset_stream(one.stream_id, 7)
            client._quic.stop_stream(one.stream_id, 7)
            client.transmit()
        two = await open_session(client)
        return {"type": (await two.hello())["type"]}


async def garbage(port, ca, argument):
    """Mixes what is no QUIC, or cannot be decrypted, into a living connection."""
    async with dial(port, ca) as client:
        one = await open_session(client)
        await one.hello()
        ids = [client._quic._peer_cid.cid, os.urandom(16)]
        for index in range(int(argument)):
            first = [0x40, 0xC0, 0xD0, 0xE0, 0xF0, 0x00][index % 6] | (os.urandom(1)[0] & 0x0F)
            id = ids[index % 2]
            head = bytes([first]) + id
            if first & 0x80:
                head = bytes([first, 0, 0, 0, 1, len(id)]) + id + bytes([8]) + os.urandom(8)
            client._transport.sendto(head + os.urandom(index % 1300), ("127.0.0.1", port))
            if index % 100 == 0:
                await client.ping()
        one.data("still here")
        return {"echo": (await one.receive())["payload"]["content"]}


async def flood(port, ca, _):
    """Sends authentic packets without content for as long as the server lets it."""
    async with dial(port, ca) as client:
        one = await open_session(client)
        await one.hello()
        quic = client._quic
        pad = quic._write_ping_frame

        def padded(builder, *args, **kwargs):
            pad(builder, *args, **kwargs)
            buf = builder.start_frame(0x00)
            buf.push_bytes(bytes(builder.remaining_flight_space - 64))

        quic._write_ping_frame = padded
        sent = 0
        while not client.terminated.done() and sent < 5000:
            await asyncio.wait([asyncio.ensure_future(client.ping()), client.terminated],
                               return_when=asyncio.FIRST_COMPLETED)
            sent += 1
        return {"sent": sent, **(ended(await client.terminated) if client.terminated.done() else {})}


async def unfinished(port, ca, argument):
    """First datagrams of many handshakes, and what comes back for half a second."""
    clients = [Client(("127.0.0.1", port), ca) for _ in range(int(argument))]
    for client in clients:
        await client.start()
    await asyncio.sleep(0.5)
    answers = [client.received for client in clients if client.received]
    is_retry = [answer[0][0] & 0xF0 == 0xF0 for answer in answers]
    return {
        "retries": sum(is_retry),
        "flights": len(is_retry) - sum(is_retry),
        "amplification": max(sum(map(len, answer)) / 1200 for answer in answers),
    }


class Client(asyncio.DatagramProtocol):
    def __init__(self, address, ca):
        self.address, self.received = address, []
        self.quic = QuicConnection(configuration=configuration(ca))

    def datagram_received(self, data, _):
        self.received.append(data)

    async def start(self):
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.quic.connect(self.address, now=loop.time())
        ((data, _),) = self.quic.datagrams_to_send(now=loop.time())
        assert len(data) == 1200
        transport.sendto(data, self.address)


async def bench(port, ca, argument):
    """Milliseconds of handshakes, and of DATA there and back as text and as bytes, in turn."""
    result = {"handshake": []}

    async def measure(name, one, content, as_bytes):
        start = time.perf_counter()
        if as_bytes:
            head = bytes([1, 0, 0]) + (1795228212996).to_bytes(6, "big")
            one.writer.write(frame(BINARY, head + content.encode()))
        else:
            one.data(content)
        assert (await one.receive())["payload"]["content"] == content
        result.setdefault(name, []).append(1000 * (time.perf_counter() - start))

    for _ in range(int(argument)):
        start = time.perf_counter()
        async with dial(port, ca) as client:
            result["handshake"].append(1000 * (time.perf_counter() - start))
            one = await open_session(client)
            await one.hello()
            for _ in range(50):
                await measure("300 B as text", one, "x" * 300, False)
                await measure("300 B as bytes", one, "x" * 300, True)
            await measure("4 MiB as text", one, "x" * (4 << 20), False)
            await measure("4 MiB as bytes", one, "x" * (4 << 20), True)
    return result


if __name__ == "__main__":
    name, port, ca = sys.argv[1:4]
    run = globals()[name](int(port), ca, sys.argv[4] if len(sys.argv) > 4 else "")
    print(json.dumps(asyncio.run(asyncio.wait_for(run, 90))), flush=True)
