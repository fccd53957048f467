"""A reader of the format `dictionary`, written from docs/spec/context.md alone: short, slow and obvious.

    decoder.py --prior FILE [WIRE]    a wire as hex, base64 or text form; without it, its bytes on standard input
    decoder.py --prior FILE --lines   JSON lines on standard input: {"wire": W} is answered {"content": C},
                                      {"stream": W} {"events": [C]}, {"session": [W], "windowBytes": N} {"contents": [C]},
                                      in base64; what is refused {"error": code, "message": why}

Python 3.9 and its standard library; with the package `brotli`, its wires too.
"""

import argparse
import base64
import json
import sys

sys.dont_write_bytecode = True

from reader.prior import Prior
from reader.whole_numbers import Refused
from reader.wires import Session, decode_message, decode_stream

PREFIX = "#M2M[d1]|"


def from_base64(text):
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused("M2M_BASE64_INVALID", str(error))


def from_argument(text):
    if text.startswith(PREFIX):
        return from_base64(text[len(PREFIX) :])
    try:
        return bytes.fromhex(text)  # "b0" to "bf"; the base64 of a wire begins with s, t, u or v.
    except ValueError:
        return from_base64(text)


def answer(prior, line):
    encode = lambda content: base64.b64encode(content).decode()
    try:
        if "session" in line:
            session = Session(prior, line.get("windowBytes", 262144))
            return {"contents": [encode(session.decode(from_base64(wire))) for wire in line["session"]]}
        if "stream" in line:
            return {"events": [encode(event) for event in decode_stream(prior, from_base64(line["stream"]))]}
        return {"content": encode(decode_message(prior, from_base64(line["wire"])))}
    except Refused as refused:
        return {"error": refused.code, "message": str(refused)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prior", required=True, metavar="FILE")
    parser.add_argument("--lines", action="store_true", help="JSON lines on standard input")
    parser.add_argument("wire", nargs="?", metavar="WIRE")
    options = parser.parse_args()
    with open(options.prior, "rb") as file:
        prior = Prior(file.read())
    if options.lines:
        for line in sys.stdin:
            print(json.dumps(answer(prior, json.loads(line))), flush=True)
        return
    try:
        wire = sys.stdin.buffer.read() if options.wire is None else from_argument(options.wire)
        sys.stdout.buffer.write(decode_message(prior, wire))
    except Refused as refused:
        sys.exit("%s: %s" % (refused.code, refused))


if __name__ == "__main__":
    main()
