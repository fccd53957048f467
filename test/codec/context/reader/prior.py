"""The prior file (section "Prior file")."""

import struct

from .whole_numbers import Refused, fold, rotl, u32

COUNTS = (1, 2, 3, 4, 6, 10, 20, 40)


def prior_hash(data):
    h = len(data)
    for (w,) in struct.iter_unpack("<I", data):
        h = u32(rotl(h ^ u32(rotl(u32(w * 0xCC9E2D51), 15) * 0x1B873593), 13) * 5 + 0xE6546B64)
    h = u32((h ^ h >> 16) * 0x85EBCA6B)
    h = u32((h ^ h >> 13) * 0xC2B2AE35)
    return h ^ h >> 16


class Prior:
    def __init__(self, data):
        def refuse_unless(condition):
            if not condition:
                raise Refused("M2M_PRIOR_INVALID", "the prior file is damaged")

        refuse_unless(len(data) >= 32 and len(data) % 4 == 0 and data[:4] == b"M2MP")
        version, size, self.hash, self.line_bits, counters, text_bytes, zero = struct.unpack_from("<7I", data, 4)
        refuse_unless(version == 3 and size == len(data) and zero == 0 and self.line_bits <= 20 and text_bytes <= 1 << 22)
        refuse_unless(prior_hash(data[16:]) == self.hash)
        at = 32

        def section(count, kind):
            nonlocal at
            values = struct.unpack_from("<%d%s" % (count, kind), data, at)
            at += (count * struct.calcsize(kind) + 3) & ~3
            return values

        self.fill = section(1 << self.line_bits, "B")
        self.checks = section(counters, "B")
        self.states = section(counters, "B")
        self.probabilities = section(32, "H")
        self.text = bytes(section(text_bytes, "B"))
        self.order6 = section(131072, "B")
        self.order4 = section(65536, "B")
        self.order2 = section(65536, "B")
        self.code_lengths = section(257 * 256, "B")
        self.stretch = section(4096, "h")
        self.squash = section(4096, "H")
        self.confidence = section(2 * 6 * 16 * 64, "h")
        self.match_confidence = section(361, "h")
        self.follower_confidence = section(4 * 16 * 2 * 16, "h")
        self.weights = section(595 * 12, "h")
        self.map = section(1024 * 24, "H")
        self.pair_map = section(2048 * 24, "H")
        self.runs = section(256, "H")
        self.ends = section(8, "H")
        refuse_unless(at == len(data))

        # Where the counters of each line begin.
        self.line_starts, start = [], 0
        for fill in self.fill:
            self.line_starts.append(start)
            start += (fill & 3) + (fill >> 2 & 3) + (fill >> 4 & 3) + (fill >> 6)
        refuse_unless(start == counters)
        self.buckets, self.trees = {}, {}  # Those asked for so far.
        self.by5, self.by12 = {}, {}
        last4 = last8 = last12 = 0
        for place, b in enumerate(self.text, 1):
            last12 = u32(last12 << 8) | last8 >> 24
            last8 = u32(last8 << 8) | last4 >> 24
            last4 = u32(last4 << 8) | b
            product = last4 * 0x9E3779B1
            self.by5[fold(u32(product ^ (last8 & 255) * 0x85EBCA6B)) & 0x3FFFF] = place
            self.by12[fold(u32(product ^ last8 * 0x85EBCA6B ^ last12 * 0xC2B2AE35)) & 0x3FFFF] = place

    def bucket(self, number):
        """The four slots of a bucket: (probability, check, count)."""
        if number not in self.buckets:
            line, within = number >> 2, number & 3
            filled = [self.fill[line] >> 2 * i & 3 for i in range(4)]
            start = self.line_starts[line] + sum(filled[:within])
            slots = [self.slot(i) for i in range(start, start + filled[within])]
            self.buckets[number] = tuple(slots + [(0, 0, 0)] * (4 - len(slots)))
        return self.buckets[number]

    def slot(self, i):
        return self.probabilities[self.states[i] >> 3], self.checks[i], COUNTS[self.states[i] & 7]

    def tree(self, number):
        """The leaves of a tree: byte by a one and the code's bits."""
        if number not in self.trees:
            lengths = self.code_lengths[number * 256 : number * 256 + 256]
            leaves, code, before = {}, -1, 0
            for length, b in sorted((length, b) for b, length in enumerate(lengths) if length > 0):
                code = code + 1 << length - before
                leaves[1 << length | code] = b
                before = length
            self.trees[number] = leaves
        return self.trees[number]
