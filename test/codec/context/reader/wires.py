"""Wires of messages, streams and sessions (sections "Wire", "Streams" and "Sessions")."""

import struct
import zlib

from .arithmetic import ArithmeticDecoder
from .model import Model
from .whole_numbers import Refused, rotl

MAX_MODEL_BYTES = 1 << 20
MAX_CONTENT_BYTES = 16 << 20


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def bytes(self, count):
        if self.at + count > len(self.data):
            raise Refused("M2M_CONTEXT_TRUNCATED", "the wire ends early")
        self.at += count
        return self.data[self.at - count : self.at]

    def u8(self):
        return self.bytes(1)[0]

    def u32(self):
        return struct.unpack("<I", self.bytes(4))[0]

    def varint(self):
        value = shift = 0
        while True:
            b = self.u8()
            value |= (b & 127) << shift
            shift += 7
            if b < 128:
                if b == 0 and shift > 7:
                    raise Refused("M2M_CONTEXT_INVALID", "a varint is not in its shortest form")
                return value

    def rest(self):
        return self.bytes(len(self.data) - self.at)

    def prior(self, prior):
        if self.u8() != prior.hash & 255:
            raise Refused("M2M_PRIOR_MISSING", "another prior")


def check_sum(content, stated, mask=0):
    if zlib.crc32(content) ^ mask != stated:
        raise Refused("M2M_CHECKSUM_MISMATCH", "the checksum differs")
    return content


def decode_model(model, data, limit):
    decoder = ArithmeticDecoder(data)
    content = model.message(decoder, limit)
    decoder.end()
    return content


def decode_brotli(data):
    try:
        import brotli
    except ImportError:
        raise Refused("UNSUPPORTED", "the package brotli is not installed here")
    try:
        return brotli.decompress(data)
    except brotli.error:
        raise Refused("M2M_BROTLI_INVALID", "the Brotli stream is malformed or cut")


def decode_deflate(data, text):
    inflater = zlib.decompressobj(-15, zdict=text[-32768:])
    try:
        content = inflater.decompress(data, MAX_CONTENT_BYTES + 1)
    except zlib.error as error:
        raise Refused("M2M_CONTEXT_INVALID", str(error))
    if len(content) > MAX_CONTENT_BYTES:
        raise Refused("M2M_OUTPUT_TOO_LARGE", "content over the limit")
    if not inflater.eof:
        raise Refused("M2M_CONTEXT_TRUNCATED", "the deflate stream is cut")
    if inflater.unused_data:
        raise Refused("M2M_CONTEXT_INVALID", "bytes behind the deflate stream")
    return content


def decode_message(prior, wire):
    reader = Reader(wire)
    first = reader.u8()
    if first == 0xB0:
        stated = reader.u32()
        return check_sum(reader.rest(), stated)
    if first == 0xB2:
        stated = reader.u32()
        return check_sum(decode_brotli(reader.rest()), stated)
    if first in (0xB1, 0xB3):
        reader.prior(prior)
        stated = reader.u32()
        if first == 0xB3:
            return check_sum(decode_deflate(reader.rest(), prior.text), stated, prior.hash)
        model = Model(prior)
        model.bring_in()
        return check_sum(decode_model(model, reader.rest(), MAX_MODEL_BYTES), stated, prior.hash)
    refuse_first_byte(first)


def refuse_first_byte(first):
    if 0xB4 <= first <= 0xB7 or 0xBB <= first <= 0xBF:
        raise Refused("M2M_VERSION_UNSUPPORTED", "a later version")
    raise Refused("M2M_WIRE_UNKNOWN", "not a wire of this kind")


def decode_stream(prior, wire, window_bytes=65536):
    reader = Reader(wire)
    first = reader.u8()
    if first != 0xB8:
        refuse_first_byte(first)
    reader.prior(prior)
    model, events, check, owed = Model(prior), [], 0, 0
    while True:
        decoder = ArithmeticDecoder(reader.data[reader.at :])
        model.forget_beyond(window_bytes)
        model.bring_in()
        event = model.event(decoder)
        size, carried, bits = decoder.end_of_event(max(owed - 4, 0))
        reader.bytes(size)
        owed = max(owed + 3 - bits, 0)
        if event is not None:
            model.keep()
            events.append(event)
            check = rotl(check, 1) ^ zlib.crc32(event)
        if carried != check & (1 << bits) - 1:
            raise Refused("M2M_CHECKSUM_MISMATCH", "the check differs")
        if event is None:
            break
    if reader.u32() != check ^ prior.hash:
        raise Refused("M2M_CHECKSUM_MISMATCH", "the check differs")
    if reader.rest():
        raise Refused("M2M_CONTEXT_INVALID", "bytes behind the stream")
    return events


class Session:
    def __init__(self, prior, window_bytes=262144):
        self.prior, self.window_bytes = prior, window_bytes
        self.epoch, self.sequence, self.is_lost = None, 0, True

    def decode(self, wire):
        reader = Reader(wire)
        first = reader.u8()
        if first not in (0xB9, 0xBA):
            refuse_first_byte(first)
        reader.prior(self.prior)
        epoch, sequence, stated = reader.u8(), reader.varint(), reader.u32()
        if sequence == 0:
            self.epoch, self.sequence, self.is_lost = epoch, 0, False
            self.model, self.check = Model(self.prior), 0
        elif self.is_lost or epoch != self.epoch or sequence != self.sequence:
            raise Refused("M2M_CONTEXT_LOST", "not the next message")
        try:
            self.model.begin()
            self.model.forget_beyond(self.window_bytes)
            if first == 0xB9:
                self.model.bring_in()
                content = decode_model(self.model, reader.rest(), MAX_MODEL_BYTES)
                self.model.keep()
            else:
                content = decode_brotli(reader.rest())
                for b in content[-self.window_bytes :]:
                    self.model.take_byte(b)
            check_sum(content, stated, self.prior.hash ^ self.check)
        except Refused:
            self.is_lost = True
            raise
        self.check = rotl(self.check, 1) ^ zlib.crc32(content)
        self.sequence += 1
        return content
