import { expect } from "chai";
import fc from "fast-check";
import { LimitError, M2MError } from "../../../../src/shared/errors.js";
import {
  DATA_PREFIX_BYTES,
  EPHEMERAL_KEY_OFFSET,
  HEADER_OFFSET,
  MAX_RECORD_BYTES,
  readPacket,
  writePacket,
  type DataPacket,
} from "../../../../src/transport/aitcp/packet/index.js";
import {
  PacketHead,
  PacketOpener,
  PacketSealer,
  PREVIOUS_EPOCH_MS,
  REPLAY_WINDOW,
  type EpochLimits,
  type PacketCrypto,
} from "../../../../src/transport/aitcp/protection/index.js";
import { END_OF_SEQUENCE, SequenceCounter } from "../../../../src/transport/aitcp/protection/sequence.js";
import { catchM2MError } from "../../../helpers/catch-error.js";
import { counting, onePacketOfEach } from "../packet/packets.js";
import { sealByThePage, type PlainPacket } from "./oracle.js";
import { noble, openSsl } from "./primitives.js";

const trafficSecret = counting(32, 100);
const ephemeralKey = counting(32, 1);
const NO_SIGNATURE = new Uint8Array(64);
const plain = (text: string): Uint8Array => Buffer.from(text);

const newSealer = (limits?: Partial<EpochLimits>, crypto: PacketCrypto = openSsl): PacketSealer =>
  new PacketSealer({ trafficSecret, ephemeralKey, crypto, limits });
const newOpener = (crypto: PacketCrypto = openSsl): PacketOpener =>
  new PacketOpener({ trafficSecret, peerEphemeralKey: ephemeralKey, crypto });

/** A packet that the page's sender with these secrets would make. */
const craft = (fields: Partial<PlainPacket>): Uint8Array =>
  sealByThePage(noble, {
    secret: trafficSecret,
    epoch: 0,
    ephemeralKey,
    sequence: 0,
    signature: NO_SIGNATURE,
    record: plain("record"),
    ...fields,
  });

const codeOf = (opener: PacketOpener, packet: Uint8Array, nowMs = 0): string =>
  catchM2MError(() => opener.open(packet, nowMs)).code;

describe("protection of packets", () => {
  it("opens what was sealed: record, number, signature and epoch", () => {
    const anySignature = fc.option(fc.uint8Array({ minLength: 64, maxLength: 64 }), { nil: undefined });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.uint8Array({ maxLength: 600 }), anySignature, fc.boolean()), { maxLength: 12 }),
        (packets) => {
          const [sealer, opener] = [newSealer(), newOpener()];
          packets.forEach(([record, signature, isRekeyed], index) => {
            if (isRekeyed) sealer.rekey();
            const opened = opener.open(sealer.seal(record, index, signature), index);
            expect(Uint8Array.from(opened.record)).to.deep.equal(record);
            expect(opened.sequence).to.equal(index);
            expect(opened.signature).to.deep.equal(signature ?? NO_SIGNATURE);
            expect(opened.epoch).to.equal(sealer.epoch);
          });
        },
      ),
    );
  });

  it("makes the packets that the page describes, and takes them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 8 }),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        (records, signature, rekeys) => {
          const [sealer, opener] = [newSealer(), newOpener()];
          records.forEach((record, sequence) => {
            if (rekeys[sequence]) sealer.rekey();
            const packet = sealer.seal(record, 0, signature);
            const expected = craft({ record, sequence, signature, epoch: sealer.epoch });
            expect(Uint8Array.from(packet)).to.deep.equal(expected);
            expect(Uint8Array.from(opener.open(expected, 0).record)).to.deep.equal(record);
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  it("works with any implementation of the primitives", () => {
    const packet = newSealer({}, noble).seal(plain("hello"), 0);
    expect(Buffer.from(packet).equals(newSealer({}, openSsl).seal(plain("hello"), 0))).to.equal(true);
    expect(newOpener(noble).open(packet, 0).record).to.deep.equal(Uint8Array.from(plain("hello")));
  });

  it("carries records of every length up to the longest, and refuses a longer one without using a number", () => {
    const [sealer, opener] = [newSealer(), newOpener()];
    for (const length of [0, 1, 2, 3, 4, MAX_RECORD_BYTES - 1, MAX_RECORD_BYTES]) {
      expect(opener.open(sealer.seal(counting(length, 3), 0), 0).record).to.have.length(length);
    }
    const { nextSequence } = sealer;
    const error = catchM2MError(() => sealer.seal(new Uint8Array(MAX_RECORD_BYTES + 1), 0));
    expect(error.code).to.equal("M2M_PAYLOAD_TOO_LARGE");
    expect(catchM2MError(() => sealer.seal(plain(""), 0, counting(63, 0))).code).to.equal("M2M_USAGE");
    expect(sealer.nextSequence).to.equal(nextSequence);
  });

  it("refuses each packet with a flipped bit, changes nothing, and then takes the packet itself", () => {
    const sealer = newSealer();
    const opener = newOpener();
    opener.open(sealer.seal(plain("before"), 0), 0);
    const packet = sealer.seal(plain("attack at dawn"), 0, counting(64, 5));
    for (let bit = 0; bit < 8 * packet.length; bit++) {
      const changed = Uint8Array.from(packet);
      changed[bit >> 3] ^= 1 << (bit & 7);
      const given = Uint8Array.from(changed);
      expect(() => opener.open(changed, 0), `bit ${bit}`).to.throw(M2MError);
      expect(changed).to.deep.equal(given);
      expect(opener.epoch).to.equal(0);
    }
    const opened = opener.open(packet, 0);
    expect(Buffer.from(opened.record).toString()).to.equal("attack at dawn");
    expect(opened.sequence).to.equal(1);
  });

  it("does not change the packet that it is given", () => {
    const packet = newSealer().seal(plain("once"), 0);
    const before = Buffer.from(packet);
    newOpener().open(packet, 0);
    expect(before.equals(packet)).to.equal(true);
  });

  it("refuses a number, a nonce and a sender that do not belong together, though the tag is right", () => {
    const opener = newOpener();
    // Authenticated by the real key, but with the fields of other packets.
    expect(codeOf(opener, craft({ ephemeralKey: counting(32, 2) }))).to.equal("M2M_AUTHENTICATION_FAILED");
    for (const nonceSequence of [0, 6, 2 ** 40]) {
      expect(codeOf(opener, craft({ sequence: 5, nonceSequence }))).to.equal("M2M_AUTHENTICATION_FAILED");
    }
    expect(opener.open(craft({ sequence: 5, nonceSequence: 5 }), 0).sequence).to.equal(5);
    expect(codeOf(opener, craft({ sequence: END_OF_SEQUENCE }))).to.equal("M2M_AUTHENTICATION_FAILED");
    expect(opener.open(craft({ sequence: END_OF_SEQUENCE - 1 }), 0).sequence).to.equal(END_OF_SEQUENCE - 1);
  });

  it("refuses a replay, within the window and behind it", () => {
    const [sealer, opener] = [newSealer(), newOpener()];
    const packets = Array.from({ length: 5 }, () => sealer.seal(plain("same"), 0));
    for (const packet of packets) opener.open(packet, 0);
    for (const packet of packets) expect(codeOf(opener, packet)).to.equal("M2M_PACKET_REPLAYED");
    opener.open(craft({ sequence: REPLAY_WINDOW + 10 }), 0);
    expect(codeOf(opener, packets[4])).to.equal("M2M_PACKET_REPLAYED");
    // Never seen, but too old to tell.
    expect(codeOf(opener, craft({ sequence: 10 }))).to.equal("M2M_PACKET_REPLAYED");
    expect(opener.open(craft({ sequence: 11 }), 0).sequence).to.equal(11);
  });

  it("takes packets in any order within the window", () => {
    const [sealer, opener] = [newSealer(), newOpener()];
    const packets = Array.from({ length: REPLAY_WINDOW }, (_, index) => sealer.seal(Uint8Array.of(index), 0));
    for (let index = packets.length - 1; index >= 0; index--) {
      expect(opener.open(packets[index], 0).sequence).to.equal(index);
    }
    expect(codeOf(opener, packets[0])).to.equal("M2M_PACKET_REPLAYED");
  });

  it("does not move the window for a forged number", () => {
    const [sealer, opener] = [newSealer(), newOpener()];
    const packet = sealer.seal(plain("real"), 0);
    const ahead = craft({ sequence: 10 * REPLAY_WINDOW });
    ahead[DATA_PREFIX_BYTES + 20] ^= 1;
    expect(codeOf(opener, ahead)).to.equal("M2M_AUTHENTICATION_FAILED");
    expect(opener.open(packet, 0).sequence).to.equal(0);
  });

  it("seals the same in chunks, and with a head that other connections use in between", () => {
    const head = new PacketHead();
    const options = { trafficSecret: counting(32, 1), ephemeralKey: counting(32, 2), crypto: openSsl };
    const alone = new PacketSealer(options);
    const sharing = new PacketSealer({ ...options, head });
    const other = { trafficSecret: counting(32, 3), crypto: openSsl, head };
    const otherSealer = new PacketSealer({ ...other, ephemeralKey: counting(32, 4) });
    const otherOpener = new PacketOpener({ ...other, peerEphemeralKey: counting(32, 4) });
    for (const length of [0, 1, 3, 15, 16, 8191, 8192, 8193, 8194, 8195, MAX_RECORD_BYTES]) {
      const record = counting(length, length);
      const signature = length % 2 === 0 ? undefined : counting(64, 9);
      const chunks = sharing.sealChunks(record, 0, signature);
      const bystander = otherOpener.open(otherSealer.seal(record, 0), 0);
      expect(Buffer.concat(chunks).equals(alone.seal(record, 0, signature)), `${length}`).to.equal(true);
      expect(Buffer.compare(bystander.record, record)).to.equal(0);
    }
    // Who ends takes nothing away from the others.
    sharing.destroy();
    expect(otherOpener.open(otherSealer.seal(plain("still"), 0), 0).sequence).to.equal(11);
  });

  it("never uses a nonce twice with a key, and hides its numbers", () => {
    const nonces = new Set<string>();
    const recording: PacketCrypto = {
      ...openSsl,
      sealParts(key, nonce, associatedData, record) {
        nonces.add(Buffer.concat([key, nonce]).toString("hex"));
        return openSsl.sealParts(key, nonce, associatedData, record);
      },
    };
    const sealer = newSealer({ packetsPerEpoch: 100 }, recording);
    const packets = Array.from({ length: 1000 }, () => sealer.seal(plain("the same record"), 0));
    expect(nonces.size).to.equal(1000);
    expect(sealer.epoch).to.equal(9);
    const views = packets.map((packet) => readPacket(packet) as DataPacket);
    for (const field of ["nonce", "encryptedSequenceId", "signature", "encryptedPayload"] as const) {
      expect(new Set(views.map((view) => Buffer.from(view[field]).toString("hex"))).size, field).to.equal(
        1000,
      );
    }
    // A number that showed would count up somewhere: each byte of the field takes many values.
    for (let at = 0; at < 8; at++) {
      expect(new Set(views.map(({ encryptedSequenceId }) => encryptedSequenceId[at])).size).to.be.above(200);
    }
  });

  it("refuses packets of another kind, and all packets of other connections", () => {
    const opener = newOpener();
    for (const packet of onePacketOfEach()) {
      const code = codeOf(opener, writePacket(packet));
      expect(code).to.equal(packet.kind === "data" ? "M2M_AUTHENTICATION_FAILED" : "M2M_PROTOCOL_STATE");
    }
    const other = new PacketSealer({ trafficSecret: counting(32, 0), ephemeralKey, crypto: openSsl });
    expect(codeOf(opener, other.seal(plain("x"), 0))).to.equal("M2M_AUTHENTICATION_FAILED");
  });

  it("gives no sequence number after the last", () => {
    const counter = new SequenceCounter(END_OF_SEQUENCE - 1);
    expect(counter.take()).to.equal(END_OF_SEQUENCE - 1);
    const error = catchM2MError(() => counter.take());
    expect(error).to.be.instanceOf(LimitError);
    expect(error.code).to.equal("M2M_SEQUENCE_EXHAUSTED");
    expect(catchM2MError(() => counter.take()).code).to.equal("M2M_SEQUENCE_EXHAUSTED");
  });

  it("forgets its keys when it is destroyed", () => {
    const derived: Uint8Array[] = [];
    const recording: PacketCrypto = {
      ...openSsl,
      hkdfExpand(key, info, length) {
        const secret = Buffer.from(openSsl.hkdfExpand(key, info, length));
        if (!info.endsWith(" iv")) derived.push(secret);
        return secret;
      },
    };
    const [sealer, opener] = [newSealer({}, recording), newOpener(recording)];
    opener.open(sealer.seal(plain("one"), 0), 0);
    sealer.rekey();
    const packet = sealer.seal(plain("two"), 0);
    opener.open(packet, 0);
    sealer.destroy();
    opener.destroy();
    expect(derived.length).to.be.above(6);
    for (const secret of derived) expect([...secret]).to.deep.equal(Array.from(secret, () => 0));
    expect(catchM2MError(() => sealer.seal(plain("x"), 0)).code).to.equal("M2M_PROTOCOL_STATE");
    expect(codeOf(opener, packet)).to.equal("M2M_PROTOCOL_STATE");
  });
});

describe("rekeying", () => {
  it("comes by count, by time and by request, while numbers go on", () => {
    const sealer = newSealer({ packetsPerEpoch: 3, epochMs: 1000 });
    const opener = newOpener();
    const epochs = [0, 0, 0, 0, 999, 1000, 1999, 2000].map((nowMs) => {
      const opened = opener.open(sealer.seal(plain("x"), nowMs), nowMs);
      return opened.epoch;
    });
    expect(epochs).to.deep.equal([0, 0, 0, 1, 1, 2, 2, 3]);
    expect(sealer.nextSequence).to.equal(8);
    sealer.rekey();
    expect(sealer.epoch).to.equal(4);
  });

  it("counts an epoch's time from its first packet, and comes once after a long silence", () => {
    const sealer = newSealer();
    sealer.seal(plain("x"), 5_000_000);
    sealer.seal(plain("x"), 5_119_999);
    expect(sealer.epoch).to.equal(0);
    sealer.seal(plain("x"), 90_000_000);
    expect(sealer.epoch).to.equal(1);
  });

  it("leaves no epoch without a packet, which a receiver could not follow", () => {
    const [sealer, opener] = [newSealer(), newOpener()];
    for (let turn = 0; turn < 5; turn++) sealer.rekey();
    expect(sealer.epoch).to.equal(0);
    opener.open(sealer.seal(plain("x"), 0), 0);
    for (let turn = 0; turn < 5; turn++) sealer.rekey();
    expect(opener.open(sealer.seal(plain("x"), 0), 0).epoch).to.equal(1);
  });

  it("goes on beyond 256 epochs, whose number a packet has modulo 256", () => {
    const sealer = newSealer({ packetsPerEpoch: 1 });
    const opener = newOpener();
    for (let epoch = 0; epoch < 600; epoch++) {
      const packet = sealer.seal(plain("x"), 0);
      expect(packet[HEADER_OFFSET + 1]).to.equal(epoch % 256);
      expect(opener.open(packet, 0).epoch).to.equal(epoch);
    }
  });

  it("is not followed over a skipped epoch, nor to an epoch that only a forged packet claims", () => {
    const opener = newOpener();
    expect(codeOf(opener, craft({ epoch: 2 }))).to.equal("M2M_AUTHENTICATION_FAILED");
    expect(codeOf(opener, craft({ epoch: 255 }))).to.equal("M2M_AUTHENTICATION_FAILED");
    const forged = craft({ epoch: 1 });
    forged[DATA_PREFIX_BYTES + 16] ^= 1;
    expect(codeOf(opener, forged)).to.equal("M2M_AUTHENTICATION_FAILED");
    expect(opener.epoch).to.equal(0);
    expect(codeOf(opener, craft({ epoch: 2, sequence: 1 }))).to.equal("M2M_AUTHENTICATION_FAILED");
    expect(opener.open(craft({ epoch: 0 }), 0).epoch).to.equal(0);
  });

  it("costs one derivation however many forged packets claim the next epoch", () => {
    let derivations = 0;
    const counted: PacketCrypto = {
      ...openSsl,
      hkdfExpand(key, info, length) {
        derivations++;
        return openSsl.hkdfExpand(key, info, length);
      },
    };
    const opener = newOpener(counted);
    const before = derivations;
    const forged = craft({ epoch: 1 });
    forged[EPHEMERAL_KEY_OFFSET] ^= 1;
    for (let turn = 0; turn < 50; turn++) codeOf(opener, forged);
    expect(derivations - before).to.equal(4);
  });

  it("takes overtaken packets of the epoch before, for a time and until another rekeying", () => {
    const late = (sequence: number, epoch = 0): Uint8Array => craft({ epoch, sequence });
    const opener = newOpener();
    opener.open(late(5, 1), 1000);
    expect(opener.open(late(3), 1000).epoch).to.equal(0);
    expect(codeOf(opener, late(3), 1000)).to.equal("M2M_PACKET_REPLAYED");
    expect(opener.open(late(2), 1000 + PREVIOUS_EPOCH_MS - 1).epoch).to.equal(0);
    expect(codeOf(opener, late(1), 1000 + PREVIOUS_EPOCH_MS)).to.equal("M2M_AUTHENTICATION_FAILED");
    expect(codeOf(opener, late(1), 1000)).to.equal("M2M_AUTHENTICATION_FAILED");
    opener.open(late(6, 2), 2000);
    expect(codeOf(opener, late(0), 2000)).to.equal("M2M_AUTHENTICATION_FAILED");
    expect(opener.open(late(4, 1), 2000).epoch).to.equal(1);
  });
});
