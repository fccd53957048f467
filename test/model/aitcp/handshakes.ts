import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { nodeCrypto } from "../../../src/transport/aitcp/crypto/index.js";
import {
  Cookies,
  InitiatorHandshake,
  refusalPacket,
  ResponderHandshake,
  type Established,
  type GivenTicket,
  type HandshakeSettings,
  type HeldTicket,
} from "../../../src/transport/aitcp/handshake/index.js";
import { identityFromSeed, type Identity } from "../../../src/transport/aitcp/identity/index.js";
import {
  PACKET_KINDS,
  readPacket,
  writePacket,
  type HandshakePacket,
} from "../../../src/transport/aitcp/packet/index.js";

/** What two honest parties want of each other. */
export interface Scenario {
  readonly pattern: "XX" | "IK" | "IKpsk2";
  /** The responder asks for cookies. */
  readonly hasCookies: boolean;
  /** Frames go with the ticket. */
  readonly hasEarly: boolean;
  /** Connections that the responder takes at the same time. */
  readonly responders: number;
}

export interface HandshakeFigures {
  readonly states: number;
  /** The most packets that were given to parties. */
  readonly depth: number;
  /** Packets that the attacker could give in some state. */
  readonly packets: number;
  readonly established: number;
}

const crypto = nodeCrypto();
const [alice, bob, mallory] = [1, 2, 3].map((seed) =>
  identityFromSeed(crypto, new Uint8Array(32).fill(seed)),
) as [Identity, Identity, Identity];
const ALICE: HandshakeSettings = {
  signatures: ["packet", "turn"],
  flow: { messageBytes: 1001, streamWindow: 2001, sessionWindow: 3001, streams: 41 },
  idleMs: 30_001,
  isPadding: false,
  lifetimeSeconds: 0,
};
const BOB: HandshakeSettings = {
  signatures: ["none", "turn"],
  flow: { messageBytes: 1002, streamWindow: 2002, sessionWindow: 3002, streams: 42 },
  idleMs: 30_002,
  isPadding: true,
  lifetimeSeconds: 302,
};
const TICKET_ID = new Uint8Array(16).fill(7);
const TICKET_KEY = new Uint8Array(32).fill(8);
const SESSION_ID = new Uint8Array(16).fill(9);
/** What the session of the ticket had agreed on. */
const BEFORE = { signatures: "turn", isPadded: true } as const;
const EARLY = Uint8Array.of(2, 0, 0, 0, 1, 9);

/** A packet by its bytes. */
type PacketId = string;
/** What a party was given, in order. */
type History = readonly string[];

/** What a party has come to. */
interface Party {
  readonly status: "open" | "over" | "established";
  readonly outputs: readonly PacketId[];
  readonly established?: Established;
  /** The packet that established it. */
  readonly by?: PacketId;
}

interface State {
  readonly initiator: History;
  readonly responders: readonly History[];
  /** An initiator of the attacker's, which says that it is alice: it takes answers as they are. */
  readonly impostor: History;
}

/**
 * All that an attacker who holds the line can bring about between one initiator and a responder with some connections: it may give any packet
 * that it has seen, of this run or of one before it, to anybody, at any time and as often as it likes, changed in each of its parts or not, and packets
 * that it makes itself, as an impostor on either side. What a party does depends on what it was given alone, so that all orders are seen by going through the sets of histories.
 */
export class HandshakeModel {
  readonly #scenario: Scenario;
  readonly #cookies = new Cookies(crypto, 0);
  readonly #bytes = new Map<PacketId, Uint8Array>();
  /** Packets that the attacker has from the start. */
  readonly #known = new Set<PacketId>();
  /** Those that alice and bob have made, in this run or the one before. */
  readonly #genuine = new Set<PacketId>();
  readonly #parties = new Map<string, Party>();
  readonly #variants = new Map<PacketId, readonly PacketId[]>();

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  /** Goes through all states. @throws {Error} if one breaks what is promised */
  async run(): Promise<HandshakeFigures> {
    await this.#prepare();
    const start: State = {
      initiator: [],
      responders: Array.from({ length: this.#scenario.responders }, () => []),
      impostor: [],
    };
    const seen = new Set<string>();
    let frontier: State[] = [start];
    let depth = 0;
    let packets = 0;
    let established = 0;
    while (frontier.length > 0) {
      const next: State[] = [];
      for (const state of frontier) {
        const key = await this.#keyOf(state);
        if (seen.has(key)) continue;
        seen.add(key);
        established += await this.#check(state);
        const pool = await this.#pool(state);
        packets = Math.max(packets, pool.length);
        next.push(...(await this.#successors(state, pool)));
      }
      if (next.length > 0) depth++;
      frontier = next;
    }
    return { states: seen.size, depth, packets, established };
  }

  /** A run before this one, which the attacker has seen, and what it can make by itself. */
  async #prepare(): Promise<void> {
    const [a, b] = [this.#makeInitiator(12), this.#makeResponder(23, true)];
    let packet: Uint8Array | undefined = a.start();
    while (packet) {
      this.#known.add(this.#note(packet));
      const answer: Uint8Array | undefined = (await b.receive(parse(packet))).packet;
      if (!answer) break;
      this.#known.add(this.#note(answer));
      packet = (await a.receive(parse(answer))).packet;
    }
    // The ticket of that run is not used up: its end was kept back by the attacker.
    const first = this.#makeInitiator(11).start();
    const own = new ResponderHandshake({
      ...this.#responderOptions(24, false),
      identity: posingAs(bob),
      assertTrusted: () => {},
      findTicket: async () => ({ ...this.#given(), key: new Uint8Array(32) }),
    });
    const { packet: answer } = await own.receive(parse(first)).catch(() => ({ packet: undefined }));
    if (answer) this.#learn(answer);
    // In her own name, and in another pattern.
    const hers = new InitiatorHandshake({
      ...this.#initiatorOptions(13),
      identity: mallory,
      ticket: undefined,
      serverStatic: this.#scenario.pattern === "XX" ? bob.staticPair.publicKey : undefined,
    });
    this.#learn(hers.start());
    for (const reason of ["ticket", "untrusted"] as const) this.#learn(refusalPacket(parse(first), reason));
    const { ephemeralKey, pattern } = parse(first);
    const cookie = new Uint8Array(16).fill(1);
    this.#learn(
      writePacket({
        kind: "cookie",
        pattern,
        ephemeralKey,
        encryptedPayload: new Uint8Array(0),
        payload: cookie,
      }),
    );
  }

  async #successors(state: State, pool: readonly PacketId[]): Promise<State[]> {
    const next: State[] = [];
    if ((await this.#initiator(state.initiator)).status === "open") {
      for (const packet of pool) next.push({ ...state, initiator: [...state.initiator, packet] });
    }
    if ((await this.#impostor(state.impostor)).status === "open") {
      for (const packet of await this.#answers(state))
        next.push({ ...state, impostor: [...state.impostor, packet] });
    }
    for (const [at, history] of state.responders.entries()) {
      if ((await this.#responder(at, history)).status !== "open") continue;
      for (const packet of pool) {
        next.push({ ...state, responders: state.responders.with(at, [...history, packet]) });
      }
    }
    return next;
  }

  /** All packets that the attacker can give now. */
  async #pool(state: State): Promise<PacketId[]> {
    const seen = new Set(this.#known);
    for (const output of (await this.#initiator(state.initiator)).outputs) seen.add(output);
    for (const output of (await this.#impostor(state.impostor)).outputs) seen.add(output);
    for (const output of await this.#answers(state)) seen.add(output);
    return [...seen].flatMap((packet) => [packet, ...this.#changed(packet)]);
  }

  async #answers(state: State): Promise<PacketId[]> {
    const all = await Promise.all(state.responders.map((history, at) => this.#responder(at, history)));
    return all.flatMap(({ outputs }) => outputs);
  }

  /** @returns how many parties are established. @throws {Error} if the state breaks what is promised */
  async #check(state: State): Promise<number> {
    const a = await this.#initiator(state.initiator);
    const all = await Promise.all(state.responders.map((history, at) => this.#responder(at, history)));
    if (a.established) {
      assert.ok(a.by && this.#genuine.has(a.by), "an initiator takes what no responder has said");
      this.#assertSettings(a.established, ALICE, BOB, bob, "turn");
      const its = all.filter(({ outputs }) => outputs.includes(a.by as string));
      assert.equal(its.length, 1, "an initiator talks to one connection");
      await this.#assertContinues(state, a, all.indexOf(its[0]));
    }
    for (const b of all) {
      if (!b.established) continue;
      assert.ok(b.by && this.#genuine.has(b.by), "a responder takes what no initiator has said");
      this.#assertSettings(b.established, BOB, ALICE, alice, "turn");
      if (this.#scenario.pattern === "XX") {
        assert.ok(
          a.established && sameSecrets(a.established, b.established),
          "a responder is alone with its secrets",
        );
      }
    }
    for (const [at, b] of all.entries())
      if (b.status === "open" && a.status === "open") await this.#assertContinues(state, a, at);
    // That they come once is the matter of who keeps the tickets.
    for (const { established } of all) {
      const { early, ticketId } = established ?? {};
      assert.ok(
        !early || (ticketId && hex(early) === hex(EARLY)),
        "early frames are not those of their ticket",
      );
    }
    const hashes = all.flatMap(({ established }) => (established ? [hex(established.handshakeHash)] : []));
    assert.equal(new Set(hashes).size, hashes.length, "two connections have the same handshake");
    return all.filter(({ established }) => established).length + (a.established ? 1 : 0);
  }

  /** If a party and a connection have heard of each other alone, they come to the same secrets once the attacker lets them. */
  async #assertContinues(state: State, a: Party, at: number): Promise<void> {
    let [mine, theirs] = [state.initiator, state.responders[at]];
    const b = await this.#responder(at, theirs);
    const isHonest =
      mine.every((packet) => b.outputs.includes(packet)) &&
      theirs.every((packet) => a.outputs.includes(packet));
    if (!isHonest || b.status === "over") return;
    for (let step = 0; step < 6; step++) {
      const [one, other] = [await this.#initiator(mine), await this.#responder(at, theirs)];
      const forOther = one.outputs[theirs.length];
      const forOne = other.outputs[mine.length];
      if (one.established && other.established) {
        assert.ok(sameSecrets(one.established, other.established), "secrets differ");
        return;
      }
      if (forOther !== undefined && other.status === "open") theirs = [...theirs, forOther];
      else if (forOne !== undefined && one.status === "open") mine = [...mine, forOne];
      else break;
    }
    assert.fail("two honest parties cannot go on");
  }

  #assertSettings(
    { agreed, peer }: Established,
    own: HandshakeSettings,
    other: HandshakeSettings,
    identity: Identity,
    signatures: string,
  ): void {
    assert.deepEqual(agreed.peerFlow, other.flow);
    assert.equal(agreed.peerIdleMs, other.idleMs);
    assert.equal(agreed.signatures, signatures);
    assert.equal(agreed.isPadded, own.isPadding || other.isPadding);
    assert.equal(agreed.lifetimeSeconds, BOB.lifetimeSeconds);
    assert.equal(hex(peer.identity), hex(identity.publicKey));
    assert.equal(hex(peer.staticKey), hex(identity.staticPair.publicKey));
  }

  /** Two states that differ only in how a party came to its end, or in which connection is which, are one. */
  async #keyOf(state: State): Promise<string> {
    const stand = (party: Party, history: History): string =>
      party.status === "over" ? `over ${party.outputs.join()}` : history.join();
    const a = stand(await this.#initiator(state.initiator), state.initiator);
    const all: string[] = [];
    for (const [at, history] of state.responders.entries())
      all.push(stand(await this.#responder(at, history), history));
    const impostor = stand(await this.#impostor(state.impostor), state.impostor);
    return [a, ...all, impostor].join("|");
  }

  #initiator(history: History): Promise<Party> {
    return this.#cached(`i ${history.join()}`, async () => {
      const handshake = this.#makeInitiator(11);
      const outputs = [this.#note(handshake.start())];
      return this.#feed(outputs, history, (packet) => handshake.receive(packet));
    });
  }

  #impostor(history: History): Promise<Party> {
    return this.#cached(`m ${history.join()}`, async () => {
      const identity = posingAs(alice);
      // Tickets are bound to the static key that it does not have.
      const handshake = new InitiatorHandshake({
        ...this.#initiatorOptions(14),
        identity,
        assertTrusted: () => {},
      });
      const outputs = [this.#remember(handshake.start())];
      return this.#feed(
        outputs,
        history,
        (packet) => handshake.receive(packet),
        (bytes) => this.#remember(bytes),
      );
    });
  }

  #responder(at: number, history: History): Promise<Party> {
    return this.#cached(`r${at} ${history.join()}`, async () => {
      const handshake = new ResponderHandshake({
        ...this.#responderOptions(21 + at, true),
        findTicket: async (id) => (hex(id) === hex(TICKET_ID) ? this.#given() : undefined),
      });
      return this.#feed([], history, (packet) => handshake.receive(packet));
    });
  }

  async #feed(
    outputs: PacketId[],
    history: History,
    receive: (packet: HandshakePacket) => Promise<{ packet?: Uint8Array; established?: Established }>,
    note: (bytes: Uint8Array) => PacketId = (bytes) => this.#note(bytes),
  ): Promise<Party> {
    for (const id of history) {
      try {
        const { packet, established } = await receive(parse(this.#bytes.get(id) as Uint8Array));
        if (packet) outputs.push(note(packet));
        if (established) return { status: "established", outputs, established, by: id };
      } catch {
        return { status: "over", outputs };
      }
    }
    return { status: "open", outputs };
  }

  async #cached(key: string, make: () => Promise<Party>): Promise<Party> {
    const found = this.#parties.get(key);
    if (found) return found;
    const made = await make();
    this.#parties.set(key, made);
    return made;
  }

  #makeInitiator(seed: number): InitiatorHandshake {
    return new InitiatorHandshake(this.#initiatorOptions(seed));
  }

  #initiatorOptions(seed: number): ConstructorParameters<typeof InitiatorHandshake>[0] {
    const { pattern, hasEarly } = this.#scenario;
    const peer = { identity: bob.publicKey, staticKey: bob.staticPair.publicKey };
    const ticket: HeldTicket = {
      id: TICKET_ID,
      key: TICKET_KEY,
      sessionId: SESSION_ID,
      peer,
      expires: 2 ** 40,
      ...BEFORE,
    };
    return {
      crypto,
      identity: alice,
      settings: ALICE,
      assertTrusted: (identity) => assertIs(identity, bob),
      ephemeral: ephemeral(seed),
      ...(pattern === "IK" && { serverStatic: bob.staticPair.publicKey }),
      ...(pattern === "IKpsk2" && { ticket, ...(hasEarly && { early: EARLY }) }),
    };
  }

  #makeResponder(seed: number, isThere: boolean): ResponderHandshake {
    return new ResponderHandshake(this.#responderOptions(seed, isThere));
  }

  #responderOptions(seed: number, isThere: boolean): ConstructorParameters<typeof ResponderHandshake>[0] {
    return {
      crypto,
      identity: bob,
      settings: BOB,
      assertTrusted: (identity) => assertIs(identity, alice),
      findTicket: async () => (isThere ? this.#given() : undefined),
      cookieFor: (key, cookie) => {
        if (!this.#scenario.hasCookies || (cookie && this.#cookies.isValid(cookie, "there", key, 0)))
          return undefined;
        return this.#cookies.make("there", key, 0);
      },
      claimEarly: async () => true,
      ephemeral: ephemeral(seed),
    };
  }

  #given(): GivenTicket {
    const peer = { identity: alice.publicKey, staticKey: alice.staticPair.publicKey };
    return { key: TICKET_KEY.slice(), sessionId: SESSION_ID, peer, expires: 2 ** 40, ...BEFORE };
  }

  /** A packet with each of its parts changed, one at a time. */
  #changed(id: PacketId): readonly PacketId[] {
    const found = this.#variants.get(id);
    if (found) return found;
    const packet = parse(this.#bytes.get(id) as Uint8Array);
    const flip = (bytes: Uint8Array, at: number): Uint8Array =>
      bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
    const payload = packet.encryptedPayload;
    const made: HandshakePacket[] = [
      { ...packet, pattern: (packet.pattern % 3) + 1 },
      { ...packet, ephemeralKey: flip(packet.ephemeralKey, 3) },
      ...(payload.length > 0
        ? [0, payload.length >> 1, payload.length - 1].map((at) => ({
            ...packet,
            encryptedPayload: flip(payload, at),
          }))
        : []),
      ...(packet.payload ? [{ ...packet, payload: flip(packet.payload, 0) }] : []),
      ...(packet.payload === undefined
        ? (["initiation", "response", "finish"] as const)
            .filter((kind) => kind !== packet.kind)
            .map((kind) => ({ ...packet, kind }))
        : []),
    ];
    // What is no packet at all does not come to a party.
    const ids = made.flatMap((one) => {
      const bytes = writePacket(one);
      return isPacket(bytes) ? [this.#remember(bytes)] : [];
    });
    this.#variants.set(id, ids);
    return ids;
  }

  #learn(bytes: Uint8Array): void {
    this.#known.add(this.#remember(bytes));
  }

  /** A packet of a party. */
  #note(bytes: Uint8Array): PacketId {
    const id = this.#remember(bytes);
    this.#genuine.add(id);
    return id;
  }

  #remember(bytes: Uint8Array): PacketId {
    const { kind } = parse(bytes);
    const id = `${PACKET_KINDS[kind]}${createHash("sha256").update(bytes).digest("base64url").slice(0, 20)}`;
    if (!this.#bytes.has(id)) this.#bytes.set(id, Uint8Array.from(bytes));
    return id;
  }
}

/** The attacker's own keys, under somebody's name. */
function posingAs(victim: Identity): Identity {
  return {
    publicKey: victim.publicKey,
    staticPair: mallory.staticPair,
    sign: (bytes) => mallory.sign(bytes),
  } as Identity;
}

function ephemeral(seed: number): ReturnType<typeof crypto.generateX25519> {
  return crypto.x25519KeyPair(new Uint8Array(32).fill(seed));
}

function assertIs(identity: Uint8Array, expected: Identity): void {
  if (!Buffer.from(identity).equals(expected.publicKey)) throw new Error("not trusted");
}

function sameSecrets(a: Established, b: Established): boolean {
  const flat = ({ secrets, handshakeHash }: Established): string =>
    [secrets.initiatorTraffic, secrets.responderTraffic, secrets.resumption, secrets.sessionId, handshakeHash]
      .map(hex)
      .join();
  return flat(a) === flat(b);
}

function isPacket(bytes: Uint8Array): boolean {
  try {
    readPacket(bytes);
    return true;
  } catch {
    return false;
  }
}

function parse(bytes: Uint8Array): HandshakePacket {
  const packet = readPacket(bytes);
  if (packet.kind === "data") throw new Error("a handshake has no DATA");
  return packet;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
