"""What numbers and strings behind keys did before (the section "Habits")."""

from .whole_numbers import u32

QUOTE = ord('"')


def entry_of(known):
    return u32(known.around * 0x9E3779B1) >> 24


class Numbers:
    def __init__(self):
        self.entries = {}  # (keys, number, step, ending byte, count)
        self.leave()

    def leave(self):
        self.digits, self.number = -1, 0

    def entry(self, known):
        entry = self.entries.get(entry_of(known))
        return entry if entry is not None and entry[0] == known.around else None

    def expected(self, known):
        """(byte, count), or None."""
        entry = self.entry(known)
        may_begin = known.style >> 2 & 3 != 2 or known.last4 & 255 == ord(" ")
        if self.digits < 0 or self.digits == 0 and not may_begin or entry is None:
            return None
        _, last, step, ending, count = entry
        goal = last + step
        if not 0 <= goal < 10**9 or self.digits > len(str(goal)):
            return None
        begun, rest = str(goal)[: self.digits], str(goal)[self.digits :]
        if int(begun or "0") != self.number:
            return None
        return (ord(rest[0]) if rest else ending), count

    def take(self, b, known):
        if known.in_string:
            return
        if b == ord(":"):
            self.digits = self.number = 0
        elif self.digits >= 0:
            is_digit = ord("0") <= b <= ord("9")
            if is_digit and self.digits < 9:
                self.number, self.digits = self.number * 10 + b - ord("0"), self.digits + 1
            elif not (self.digits == 0 and b in b" \n\r"):
                if self.digits > 0 and not is_digit and b not in b".eE":
                    self.learn(b, known)
                self.digits = -1

    def learn(self, ending, known):
        entry = self.entry(known)
        step, count = 0, 1
        if entry is not None:
            step = self.number - entry[1]
            count = min(entry[4] + 1, 7) if step == entry[2] else 1
        self.entries[entry_of(known)] = known.around, self.number, step, ending, count


class Strings:
    def __init__(self):
        self.entries = {}  # (keys, end, held, random)

    def entry(self, known):
        entry = self.entries.get(entry_of(known))
        return entry if known.in_text and entry is not None and entry[0] == known.around else None

    def expected(self, known):
        """(byte, count), or None."""
        entry = self.entry(known)
        return (QUOTE, 7 + entry[2]) if entry is not None and entry[1] == known.line_bytes else None

    def are_random(self, known):
        entry = self.entry(known)
        return entry is not None and entry[3] == 2

    def take(self, b, known, was_random):
        if b != QUOTE or not known.in_text or known.escaped:
            return
        entry = self.entry(known)
        held = random = 0
        if entry is not None:
            held, random = entry[2] if entry[1] == known.line_bytes else 0, entry[3]
        random = min(random + 1, 2) if was_random else 0
        self.entries[entry_of(known)] = known.around, known.line_bytes, min(held + 1, 8), random
