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

    def end(self):
        if len(self.data) > self.read + 4:
            raise Refused("M2M_CONTEXT_INVALID", "bytes behind the coded bytes")
