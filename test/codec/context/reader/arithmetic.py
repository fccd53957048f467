"""The section "Arithmetic coding"."""

from .whole_numbers import Refused, u32


class ArithmeticDecoder:
    def __init__(self, data):
        self.data = data
        self.low, self.high = 0, 0xFFFFFFFF
        self.read = 0  # Bytes read by the loop.
        self.code = 0
        for i in range(4):
            self.code = self.code << 8 | self.byte(i)

    def byte(self, i):
        return self.data[i] if i < len(self.data) else 0

    def decide(self, p):
        distance = self.high - self.low
        middle = self.low + (distance >> 16) * p + ((distance & 65535) * p >> 16)
        bit = int(self.code <= middle)
        if bit:
            self.high = middle
        else:
            self.low = middle + 1
        while self.low >> 24 == self.high >> 24:
            self.low = u32(self.low << 8)
            self.high = u32(self.high << 8) | 255
            self.code = u32(self.code << 8) | self.byte(self.read + 4)
            self.read += 1
            if self.read - 8 > len(self.data):
                raise Refused("M2M_CONTEXT_TRUNCATED", "the coded bytes end before the content does")
        return bit

    def end_of_event(self, least):
        """The bytes that the event has, the number that its last ones make, and the bits of it."""
        for t in range(5):
            unit = 1 << (32 - 8 * t)
            first = -(-self.low // unit)
            choices = (self.high + 1) // unit - first
            bits = min(choices, 65536).bit_length() - 1
            if choices >= 1 and bits >= least or t == 4:
                break
        size = self.read + t
        if size > len(self.data):
            raise Refused("M2M_CONTEXT_TRUNCATED", "an event's bytes end early")
        return size, self.code // unit - first, bits

    def end(self):
        if len(self.data) > self.read + 4:
            raise Refused("M2M_CONTEXT_INVALID", "bytes behind the coded bytes")
