"""Harmless strings that are no language: ids, hashes, tokens, signatures, encoded bytes, enumerations."""

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Iterator

_WORDS = (
    "id name type role user assistant system tool object string number boolean array required default title description content message "
    "start end from to limit offset page size query path url method status code error ok true false null admin guest owner member "
    "USD EUR GBP JPY celsius fahrenheit metric imperial asc desc low medium high open closed pending done red green blue small large "
    "get_weather search_web read_file create_event list_items send_message run_query calculator lookup fetch gpt-4o claude gemini stop "
    "length tool_calls function text json markdown image audio file input output temperature instructions prompt format schema items values"
).split()


def _blob(rng: random.Random) -> str:
    size = rng.choice((12, 16, 24, 32, 48, 64, 96, 160, 300, 600))
    data = rng.randbytes(size)
    return rng.choice(
        (
            lambda: base64.b64encode(data).decode(),
            lambda: base64.urlsafe_b64encode(data).decode().rstrip("="),
            lambda: data.hex(),
            lambda: data.hex().upper(),
            lambda: ".".join(base64.urlsafe_b64encode(rng.randbytes(n)).decode().rstrip("=") for n in (27, size, 32)),
            lambda: "".join(rng.choices(string.ascii_letters + string.digits, k=size)),
            lambda: "".join(rng.choices(string.ascii_letters + string.digits + "+/", k=size)),
        )
    )()


def _identifier(rng: random.Random) -> str:
    letters = "".join(rng.choices(string.ascii_letters + string.digits, k=rng.choice((8, 12, 16, 24, 29))))
    return rng.choice(
        (
            str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            f"{rng.choice(('call', 'msg', 'resp', 'req', 'toolu', 'chatcmpl', 'fc', 'rs', 'run', 'asst', 'file', 'sess', 'org'))}_{letters}",
            f"{rng.choice(('chatcmpl', 'gen', 'cmpl', 'evt'))}-{letters}",
            f"fp_{rng.randbytes(5).hex()}",
            f"{rng.randint(2015, 2030)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:00Z",
            f"v{rng.randint(0, 20)}.{rng.randint(0, 40)}.{rng.randint(0, 9)}",
            f"sha256:{rng.randbytes(32).hex()}",
            letters,
        )
    )


def _enumeration(rng: random.Random) -> str:
    return " ".join(rng.sample(_WORDS, rng.randint(1, 8)))


def generate(rng: random.Random, count: int) -> Iterator[dict]:
    """`count` such strings, all benign."""
    for _ in range(count):
        make = rng.choice((_blob, _blob, _identifier, _enumeration))
        text = " ".join(make(rng) for _ in range(rng.choice((1, 1, 1, 2, 4))))
        yield {"text": text, "label": "benign", "context": "json", "slice": "opaque"}
