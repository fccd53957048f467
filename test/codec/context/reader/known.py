"""What is known of the bytes so far (the section of this name)."""

from .whole_numbers import fold, u32

LF = 10


def class_of(b):
    if b >= 128:
        return 11
    char = chr(b)
    if "a" <= char <= "z":
        return 1
    if "A" <= char <= "Z":
        return 2
    if "0" <= char <= "9":
        return 3
    for index, chars in enumerate((" ", '"', "\n\r", "\\", "{[", "}]", ",:"), 4):
        if char in chars:
            return index
    return 12 if char in "_-" else 13 if char in ".!?;'" else 0


CLASSES = [class_of(b) for b in range(256)]


def alphabet_bit(b):
    letters = b"abcdef", b"ghijklmnopqrstuvwxyz", b"ABCDEF", b"GHIJKLMNOPQRSTUVWXYZ"
    for index, chars in enumerate((*letters, b"0123456789", b"_-", b"+/=")):
        if b in chars:
            return 1 << index
    return 0


ALPHABET_BITS = [alphabet_bit(b) for b in range(256)]


class Known:
    def __init__(self):
        self.last4 = self.last8 = self.last12 = 0
        self.value_bytes = 255
        self.alphabet = self.word = self.last_word = self.style = self.line_bytes = 0
        self.json = self.depth = self.key = self.parent_key = self.token = 0
        self.keys, self.earlier_keys, self.is_object = [0] * 63, [0] * 63, [False] * 63
        self.in_string = self.escaped = self.is_key = self.expects_key = False

    def take(self, b):
        self.last12 = u32(self.last12 << 8) | self.last8 >> 24
        self.last8 = u32(self.last8 << 8) | self.last4 >> 24
        self.last4 = u32(self.last4 << 8) | b
        self.value_bytes = min(self.value_bytes + 1, 255)
        self.alphabet = self.alphabet | ALPHABET_BITS[b] if ALPHABET_BITS[b] else 0
        kind = CLASSES[b]
        in_word = kind in (1, 2, 3, 11, 12)
        if not in_word and self.word != 0:
            self.last_word = self.word
        self.word = u32((self.word + b + (33 if kind == 2 else 1)) * 0x2F0B4C47 + 1) if in_word else 0
        if not self.in_string:
            self.note_style(self.last4 >> 8 & 255, b)
        self.line_bytes = 0 if b == LF else self.line_bytes + 1
        if self.in_string:
            self.take_in_string(b)
        elif not self.take_structure(b):
            self.extend(b)

    def note_style(self, before, b):
        if before == ord(",") and self.depth > 0:
            at = 0
        elif before == ord(":") and self.depth > 0:
            at = 2
        elif before in b"{[" and b not in b"}]":
            at = 4
        else:
            return
        self.style = self.style & ~(3 << at) | (1 if b == LF else 2 if b == ord(" ") else 3) << at

    def extend(self, b):
        self.token = u32((self.token + b + 1) * 0x3D4D51CB)

    def take_in_string(self, b):
        if self.escaped:
            self.escaped = False
            self.extend(b)
        elif b == ord("\\"):
            self.escaped = True
            self.extend(b)
        elif b == ord('"'):
            self.in_string = False
            if self.is_key:
                self.earlier_keys[self.depth] = self.keys[self.depth]
                self.key = self.keys[self.depth] = self.token
            self.json = 2 if self.is_key else 3
            self.token = 0
        else:
            self.extend(b)

    def take_structure(self, b):
        """False if the byte extends the token."""
        if b == ord('"'):
            self.in_string = True
            self.is_key = self.is_object[self.depth] and self.expects_key
            self.json = 4 if self.is_key else 5
            if not self.is_key:
                self.value_bytes = 0
        elif b in b"{[":
            self.depth = min(self.depth + 1, 62)
            self.is_object[self.depth] = b == ord("{")
            self.expects_key = True
            self.parent_key = self.key
            if b == ord("{"):
                self.key = 0
            self.keys[self.depth] = self.key
            self.earlier_keys[self.depth] = 0
            self.json = 6
        elif b in b"}]":
            self.depth = max(self.depth - 1, 0)
            self.key = self.keys[self.depth]
            self.parent_key = self.keys[self.depth - 1] if self.depth > 0 else 0
            self.json = 7
        elif b == ord(","):
            self.expects_key = True
            self.json = 8
        elif b == ord(":"):
            self.expects_key = False
            self.value_bytes = 0
            self.json = 9
        elif b == LF and self.depth == 0:
            self.key = 0
            self.json = 1
        else:
            return False
        self.token = 0
        return True

    @property
    def column(self):
        return min(self.line_bytes, 63)

    @property
    def in_text(self):
        return self.in_string and not self.is_key

    @property
    def around(self):
        return u32(self.key * 0x2F0B4C47 ^ self.parent_key * 0x27D4EB2F)

    def text(self):
        keys = self.key * 0x2F0B4C47 ^ self.token * 0x3D4D51CB ^ self.parent_key * 0x27D4EB2F
        return u32(u32(keys) + (self.last4 & 255) + (self.json << 8))

    def followed(self):
        """The values that the followers are looked up with."""
        x = self.last4 & 255
        if self.word != 0:
            word = u32(self.word * 0x2F0B4C47 + x)
        else:
            word = u32(self.last_word * 0x3D4D51CB + x * 0x2F0B4C47 + 7)
        return word, self.last4 & 0xFFFFFF, self.text()

    def five(self):
        return fold(u32(self.last4 * 0x9E3779B1 ^ (self.last8 & 255) * 0x85EBCA6B))

    def twelve(self):
        return fold(u32(self.last4 * 0x9E3779B1 ^ self.last8 * 0x85EBCA6B ^ self.last12 * 0xC2B2AE35))
