"""Messages and events as decisions (sections "A message" and "Repetition" to "Learning"), and what is kept of them."""

from .habits import Numbers, Strings
from .known import CLASSES, Known
from .whole_numbers import Refused, i32, steps_reached, u32

MAX_WRITES = 1 << 20  # A slot first written later is not kept.
MAX_KEPT_SLOTS = 8192
MAX_EVENT_BYTES = 4096
SEEDS = (0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F, 0x165667B1, 0x2F0B4C47)
RUN_STEPS = (64, 80, 96, 128, 160, 256, 400, 800)
RUN_SIZES = (16, 16, 16, 16, 24, 32, 48, 48)


class Model:
    def __init__(self, prior):
        self.prior = prior
        self.buffer = bytearray(prior.text)
        self.base = len(prior.text)
        self.weights, self.map, self.pair_map = list(prior.weights), list(prior.map), list(prior.pair_map)
        self.runs, self.recent5, self.recent12 = list(prior.runs), {}, {}
        self.followers = ({}, {}, {})  # By entry: (check, byte, count).
        self.numbers, self.strings = Numbers(), Strings()
        self.kept = {}  # Slots by (bucket, place in it), in the order in which they were first written.
        self.table = {}  # Buckets that differ from the prior's.
        self.writes = 0
        self.begin()

    def begin(self):
        """The start of a message."""
        self.known = Known()
        self.length = self.pointer = self.source = self.misses = self.lost = 0
        self.failed = self.descents = 0
        self.numbers.leave()
        self.rate = 32

    # Keeping, in streams and sessions

    def bring_in(self):
        self.table, self.written, self.writes = {}, {}, 0
        for (bucket, place), slot in self.kept.items():
            self.write(bucket, place, slot)

    def keep(self):
        for bucket, place in self.written:
            if (bucket, place) in self.kept or len(self.kept) < MAX_KEPT_SLOTS:
                self.kept[bucket, place] = self.table[bucket][place]

    def forget_beyond(self, window_bytes):
        forgotten = len(self.buffer) - self.base - window_bytes
        if forgotten <= 0:
            return
        del self.buffer[self.base : self.base + forgotten]
        for places in (self.recent5, self.recent12):
            kept = {h: place - forgotten for h, place in places.items() if place > self.base + forgotten}
            places.clear()
            places.update(kept)
        if self.pointer >= self.base + forgotten:
            self.pointer -= forgotten
        elif self.pointer >= self.base:
            self.length = self.misses = self.lost = 0

    # Messages

    def message(self, decoder, limit):
        """A message's bytes, from its first decision to its end."""
        start, passed = len(self.buffer), 0
        length = None if decoder.decide(63000) else self.stated_length(decoder, limit)
        while length is None or len(self.buffer) - start < length:
            self.run_or_byte(decoder)
            self.check_size(start, length, limit)
            if length is None and self.known.depth == 0 and self.known.json in (7, 1):
                if decoder.decide(self.prior.ends[4 * (self.known.json == 1) + passed]):
                    break
                passed = min(passed + 1, 3)
        return bytes(self.buffer[start:])

    def event(self, decoder):
        """An event's bytes; None is the end of the stream."""
        start = len(self.buffer)
        self.numbers.leave()
        self.rate = 112
        self.known.depth = self.failed = 0
        self.known.in_string = self.known.escaped = False
        if decoder.decide(65400):
            while self.buffer[start:][-2:] != b"\n\n":
                self.run_or_byte(decoder)
                self.check_size(start, None, MAX_EVENT_BYTES)
        elif not decoder.decide(49152):
            return None
        else:
            length = self.stated_length(decoder, MAX_EVENT_BYTES)
            while len(self.buffer) - start < length:
                self.run_or_byte(decoder)
                self.check_size(start, length, MAX_EVENT_BYTES)
        return bytes(self.buffer[start:])

    def stated_length(self, decoder, limit):
        bits = 0
        for _ in range(5):
            bits = bits << 1 | decoder.decide(32768)
        length = min(bits, 1)
        for _ in range(bits - 1):
            length = length << 1 | decoder.decide(32768)
        if length > limit:
            raise Refused("M2M_OUTPUT_TOO_LARGE", "the stated length is over the limit")
        return length

    def check_size(self, start, length, limit):
        if len(self.buffer) - start > (limit if length is None else length):
            raise Refused("M2M_CONTEXT_INVALID", "content passes its length or limit")

    def run_or_byte(self, decoder):
        run = self.considered_run()
        if run:
            index = self.run_index(run)
            bit = decoder.decide(self.runs[index])
            p = self.runs[index]
            self.runs[index] = min(max(p + (65535 - p >> 5) if bit else p - (p >> 5), 32), 65504)
            if bit:
                for b in run:
                    self.take_in_run(b)
                return
            self.failed = len(run)
        b, was_guessed = self.byte(decoder)
        self.descents = u32(self.descents << 1) | (not was_guessed)
        if self.failed > 0 and self.length > 0 and b == self.buffer[self.pointer]:
            self.failed -= 1
        else:
            self.failed = 0
        self.take_byte(b, self.was_random)

    # Runs

    def considered_run(self):
        if self.failed > 0 or self.known.value_bytes < 3 or self.length < RUN_STEPS[0]:
            return None
        size = min(RUN_SIZES[steps_reached(self.length, RUN_STEPS) - 1], len(self.buffer) - self.pointer)
        run = bytes(self.buffer[self.pointer : self.pointer + size])
        before = self.known.last4 & 255
        for i, b in enumerate(run):
            if b == 58 or b == before == 10:
                run = run[: i + 1]
                break
            before = b
        return run if len(run) >= 4 else None

    def run_index(self, run):
        step = steps_reached(self.length, RUN_STEPS) - 1
        k = any(CLASSES[b] == 3 for b in run) + 2 * (self.known.json == 5)
        return ((step * 4 + self.misses) * 2 + self.source) * 4 + k

    def take_in_run(self, b):
        self.numbers.take(b, self.known)
        self.strings.take(b, self.known, False)
        self.known.take(b)
        self.buffer.append(b)
        self.pointer += 1
        self.grow_length()

    # Followers

    def follower_places(self):
        """The entry and the check of each table."""
        places = []
        for i, value in enumerate(self.known.followed()):
            h = u32(value * 0x9E3779B1 + i * 0x1F123BB5)
            h = u32((h ^ h >> 15) * 0x2C1B3C6D)
            h ^= h >> 13
            places.append((h >> 20, h & 0xFFFF | 1))
        return places

    def found_followers(self):
        """(byte, count) by table, None where nothing is found."""
        entries = [table.get(entry) for table, (entry, _) in zip(self.followers, self.follower_places())]
        checks = [check for _, check in self.follower_places()]
        found = [e[1:] if e is not None and e[0] == check else None for e, check in zip(entries, checks)]
        return found + [(self.strings if self.known.in_string else self.numbers).expected(self.known)]

    def learn_followers(self, b):
        for table, (entry, check), found in zip(self.followers, self.follower_places(), self.found_followers()):
            count = min(found[1] + 1, 15) if found is not None and found[0] == b else 1
            table[entry] = check, b, count

    # Repetition

    def grow_length(self):
        self.length += 1
        if self.length % 16 == 0:
            self.misses = max(self.misses - 1, 0)

    def take_byte(self, b, was_random=False):
        self.learn_followers(b)
        self.numbers.take(b, self.known)
        self.strings.take(b, self.known, was_random)
        self.known.take(b)
        self.buffer.append(b)
        position = len(self.buffer)
        if self.length > 0:
            if b == self.buffer[self.pointer]:
                self.grow_length()
            else:
                self.misses = min(self.misses + 1, 3)
                self.length, self.lost = 0, 1
            self.pointer += 1
        elif self.lost > 0:
            self.lost = 1 if b == self.buffer[self.pointer] else (self.lost + 1) % 17
            self.pointer += 1
            if self.pointer >= position:
                self.lost = 0
        hashes = self.known.five(), self.known.twelve()
        if self.length < 16 and not (self.length >= 6 and self.length % 4 != 0):
            self.look_for_longer(*hashes)
        self.recent5[hashes[0] & 0xFFFF] = self.recent12[hashes[1] & 0xFFFF] = position

    def look_for_longer(self, five, twelve):
        for places, h, least, source in (
            (self.recent12, twelve & 0xFFFF, 8, 1),
            (self.recent5, five & 0xFFFF, 5, 1),
            (self.prior.by12, twelve & 0x3FFFF, 8, 0),
            (self.prior.by5, five & 0x3FFFF, 5, 0),
        ):
            place = places.get(h)
            if place is None or source == 1 and place == self.pointer and self.length > 0:
                continue
            if places is self.prior.by5 and self.length >= 5:
                continue
            verified = self.verified(place, self.base if source == 1 else 0)
            if verified >= least and verified > self.length:
                self.pointer, self.length, self.source, self.lost = place, verified, source, 0

    def verified(self, place, first):
        count, position = 0, len(self.buffer)
        while count < 40 and place - count > first and self.buffer[place - count - 1] == self.buffer[position - count - 1]:
            count += 1
        return count

    # Bytes

    def is_random(self):
        k = self.known
        if (self.length == 0 or k.value_bytes == 0) and k.value_bytes < 4 and self.strings.are_random(k):
            return True
        has = lambda bits: self.known.alphabet & bits != 0
        return self.descents & 15 == 15 and self.length == 0 and has(15) and (has(16) or has(3) and has(12))

    def guesses(self):
        """Up to two (byte, stage)."""
        k = self.known
        expected = self.buffer[self.pointer] if self.length > 0 or self.lost > 0 else None
        first = (expected, 1) if self.length > 0 else None
        if self.length >= 16:
            return [first]
        order2 = self.prior.order2[k.last4 & 0xFFFF]
        likely = (
            (self.prior.order6[u32(k.last4 * 0x9E3779B1 ^ (k.last8 & 0xFFFF) * 0x85EBCA6B) >> 15], 3),
            (self.prior.order4[u32(k.last4 * 0x9E3779B1) >> 16], 5),
            (order2, 7),
        )
        likely = next((guess for guess in likely if guess[0] != 0), None)
        if likely is None:
            return [first] if first else [(expected, 2)] if self.lost > 0 else []
        if first is None:
            first = likely
            if likely[1] != 7 and order2 != 0:
                likely = (order2, 7)
        return [first] if likely[0] == first[0] else [first, (likely[0], likely[1] + 1)]

    def byte(self, decoder):
        """The byte, and whether it was guessed."""
        random = self.was_random = self.is_random()
        ruled_out = []
        for number, (guess, stage) in enumerate([] if random else self.guesses()):
            if number == 0 and self.failed > 1:
                stage = 9
            if not (number == 0 and self.failed == 1):
                if self.decide(decoder, guess + (1 << 28), stage, False, 0):
                    return guess, True
            ruled_out.append(guess)
        leaves = self.prior.tree(256 if random else self.known.last4 & 255)
        expected = self.expected_in_tree(leaves, ruled_out)
        node, depth = 1, 0
        while node not in leaves:
            if leaves.get(node * 2) in ruled_out:
                bit = 1
            elif leaves.get(node * 2 + 1) in ruled_out:
                bit = 0
            else:
                bit = self.decide(decoder, node, 0, random, depth, expected)
            node, depth = node * 2 + bit, depth + 1
        return leaves[node], False

    def expected_in_tree(self, leaves, ruled_out):
        """The code of each follower's byte, None where there is none to go for."""
        codes = {b: code for code, b in leaves.items()}
        found = [f[0] if f is not None else None for f in self.found_followers()]
        return [None if b is None or b in ruled_out else codes[b] for b in found]

    # Prediction

    def context_value(self, i, random):
        k = self.known
        x = k.last4 & 255
        if i == 0:
            return k.last4 & 0xFFFF
        if i == 1:
            return k.last4 & 0xFFFFFF
        if i == 2:
            return k.last4
        if i == 3:
            return k.last4 ^ u32((k.last8 & 255) * 0x2F0B4C47)
        if i == 4:
            if random:
                return 0x5A000000 + (k.alphabet << 8)
            if not k.in_string:
                place = (k.column * 64 + k.depth) * 0x2F0B4C47
                return u32(0x77000000 + place + (k.style << 12) + (k.json << 8) + x)
            if k.is_key:
                keys = k.key * 0x2F0B4C47 + k.earlier_keys[k.depth] * 0x3D4D51CB
                return u32(0x44000000 + keys + k.token * 0x27D4EB2F + x)
            return u32(k.word * 0x2F0B4C47 + x)
        if random:
            keys = k.key * 0x2F0B4C47 ^ k.parent_key * 0x27D4EB2F
            return u32(u32(keys) + 0x5A000000 + (k.alphabet << 8))
        return u32(k.text() + (0 if k.in_string else (k.style + 1) << 13))

    def look_up(self, i, node, depth, random):
        """(bucket, place in it, slot) of a context."""
        plain = node & ~(1 << 27)
        h = u32(self.context_value(i, random) * SEEDS[i] + (i + 1) * 0x1F123BB5)
        h = u32((h ^ h >> 15) * 0x2C1B3C6D)
        h ^= h >> 13
        line = h >> (32 - self.prior.line_bits)
        if depth >= 3:
            g = u32(h + (plain >> depth % 3) * 0x58F38DED)
            g = u32((g ^ g >> 15) * 0x7FEB352D)
            g ^= g >> 13
            line = g >> (32 - self.prior.line_bits)
        q = h ^ u32(node * 0x9E3779B1)
        q = u32((q ^ q >> 15) * 0x2C1B3C6D)
        q = (q ^ q >> 13) >> 8
        bucket, check = line * 4 + (q & 3), ((q >> 2 & 255) * 255 >> 8) + 1
        slots = self.table.get(bucket) or self.prior.bucket(bucket)
        for place in range(4):
            if slots[place][1] == check:
                return bucket, place, slots[place]
        place = min(range(4), key=lambda i: slots[i][2])
        return bucket, place, (32768, check, 0)

    def sets(self, stage, depth, random, slots):
        """m, or None, and the three weight sets."""
        k = self.known
        m, first = None, 62 + stage
        if stage == 0:
            first = 46 + min(depth, 7) + (8 if self.length > 0 else 0)
        elif stage == 1:
            length = min(self.length, 127)
            s = length if length <= 15 else 16 + steps_reached(length, (20, 24, 28, 32, 48, 96))
            m, first = (s * 4 + self.misses) * 2 + self.source, s * 2 + self.source
        elif stage == 2:
            m, first = 184 + self.lost, 72 + self.lost
        elif stage == 9:
            f = self.failed if self.failed < 8 else 8 if self.failed < 16 else 9
            m, first = 201 + 16 * f + CLASSES[self.buffer[self.pointer]], 89 + f
        known = [slot is not None and slot[2][2] != 0 for slot in slots]
        kind = 16 * random + sum(known[:4]) + 5 * known[4] + 10 * known[5]
        third = 179 + 16 * k.json + CLASSES[k.last4 & 255]
        if k.json == 5:
            third = 339 + 16 * CLASSES[k.last4 & 255] + CLASSES[k.last4 >> 8 & 255]
        return m, (first, 99 + 2 * kind + (stage != 0), third)

    def follower_inputs(self, node, stage, depth, expected):
        inputs = []
        for i, found in enumerate(self.found_followers()):
            if found is None:
                inputs.append(0)
                continue
            b, count = found
            row = (i * 16 + count) * 2
            if stage != 0:
                agrees = b + (1 << 28) == node
                inputs.append(self.prior.follower_confidence[(row + agrees) * 16 + stage])
                continue
            code = expected[i]
            rest = 0 if code is None else code.bit_length() - node.bit_length()
            if rest <= 0 or code >> rest != node:
                inputs.append(0)
                continue
            value = self.prior.follower_confidence[(row + 1) * 16 + 10 + min(depth, 5)]
            inputs.append(value if code >> rest - 1 & 1 else -value)
        return inputs

    def decide(self, decoder, node, stage, random, depth, expected=None):
        """A decision of a byte: predicted, decoded, learnt."""
        followers = self.follower_inputs(node, stage, depth, expected)
        if random:
            followers[:3] = 0, 0, 0
        node += (1 << 27) * random
        prior, x, n = self.prior, self.known.last4 & 255, u32(node * 0x9E3779B1)
        slots = []
        for i in range(6):
            is_looked_up = i in (0, 4, 5) or (not random and self.length < 16 and slots[i - 1] is not None and slots[i - 1][2][2] != 0)
            slots.append(self.look_up(i, node, depth, random) if is_looked_up else None)
        m, sets = self.sets(stage, depth, random, slots)

        inputs = []
        for i, slot in enumerate(slots):
            if slot is None:
                inputs.append(0)
                continue
            p, _, count = slot[2]
            count_step = count if count <= 5 else 6 + steps_reached(count, (8, 11, 15, 20, 27, 36, 46))
            probability_step = prior.stretch[p >> 4] + 2048 >> 6
            inputs.append(prior.confidence[(((stage != 0) * 6 + i) * 16 + count_step) * 64 + probability_step])
        inputs += [0 if m is None else prior.match_confidence[m], 256, *followers]

        total = sum(value * sum(self.weights[s * 12 + i] for s in sets) for i, value in enumerate(inputs))
        stretched = min(max(i32(total) >> 14, -2047), 2047)
        mixed = prior.squash[stretched + 2048]
        t = (stretched + 2048) * 23
        a, w = t >> 12, t & 4095
        curve = x if stage != 0 else 256 + ((u32(n ^ x * 0x85EBCA6B) >> 22) * 768 >> 10)
        pair = u32((self.known.last4 & 0xFFFF ^ n) * 0x9E3779B1) >> 21
        curves = ((self.map, curve * 24), (self.pair_map, pair * 24))
        drawn = [(c[at + a] >> 1) * (4096 - w) + (c[at + a + 1] >> 1) * w >> 11 for c, at in curves]
        bit = decoder.decide(min(max(2 * mixed + sum(drawn) >> 2, 24), 65512))

        for slot in slots:
            if slot is not None:
                bucket, place, (p, check, count) = slot
                r = max(327680 // (10 * count + 16), 2048)
                p += (65535 - p) * r >> 15 if bit else -(p * r >> 15)
                self.write(bucket, place, (p, check, min(count + 1, 60)))
        e = bit * 65536 - mixed
        if abs(e) > 200:
            for i, value in enumerate(inputs):
                for s in sets:
                    self.weights[s * 12 + i] += i32(value * (self.rate * e >> 10) + 8192) >> 14
        for c, at in curves:
            point = at + a + (w > 2047)
            c[point] += ((65535 if bit else 0) - c[point]) * 20 >> 10
        return bit

    def write(self, bucket, place, slot):
        if bucket not in self.table:
            self.table[bucket] = list(self.prior.bucket(bucket))
        self.table[bucket][place] = slot
        self.writes += 1
        if self.writes <= MAX_WRITES:
            self.written[bucket, place] = None
