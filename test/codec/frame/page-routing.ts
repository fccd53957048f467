/** The routing header as docs/spec/frame.md, "Reading a routing header", says it; nothing of src/codec/frame. */

export interface PageRouting {
  model: string;
  msgCount: number;
  roles?: string[];
  contentHint?: number;
  maxTokens?: number;
  estCostUsd?: number;
}

class Malformed extends Error {}

/** @param bytes a variable header @returns `undefined` where the page refuses it */
export function readRoutingByPage(bytes: Buffer, bit6: boolean): PageRouting | undefined {
  let at = 0;
  const E = bytes.length;
  const varint = (): number => {
    let value = 0n;
    for (let size = 1; ; size++) {
      if (at >= E) throw new Malformed();
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << BigInt(7 * (size - 1));
      if (byte >= 128) continue;
      if ((byte === 0 && size > 1) || value > 0xffffffffn) throw new Malformed();
      return Number(value);
    }
  };
  const cost = (): number | undefined => {
    if (E - at !== 4) throw new Malformed();
    const value = bytes.readFloatLE(at);
    return Number.isFinite(value) ? value : undefined;
  };
  const tried = <Result>(read: () => Result): Result | undefined => {
    try {
      return read();
    } catch (error) {
      if (error instanceof Malformed) return undefined;
      throw error;
    }
  };

  const start = tried(() => {
    if (E === 0 || 1 + bytes[0] > E) throw new Malformed();
    at = 1 + bytes[0];
    return { model: bytes.toString("utf8", 1, at), msgCount: varint() };
  });
  if (!start) return undefined;
  const S = at;
  const R = Math.ceil(start.msgCount / 4);

  const layout = (withMaxTokens: boolean, withCost: boolean) =>
    tried((): PageRouting => {
      at = S + R;
      if (at > E) throw new Malformed();
      const bits = [...bytes.subarray(S, at)].flatMap((byte) =>
        [0, 2, 4, 6].map((shift) => (byte >> shift) & 3),
      );
      if (bits.slice(start.msgCount).some((code) => code !== 0)) throw new Malformed();
      const roles = bits
        .slice(0, start.msgCount)
        .map((code) => ["system", "user", "assistant", "tool"][code]);
      const contentHint = varint();
      const maxTokens = withMaxTokens ? varint() : undefined;
      if (!withCost && at !== E) throw new Malformed();
      return { ...start, roles, contentHint, maxTokens, estCostUsd: withCost ? cost() : undefined };
    });
  const found = layout(bit6, true) ?? (bit6 ? layout(false, true) : undefined) ?? layout(bit6, false);
  if (found) return found;
  for (let a = Math.max(S, E - 14); a <= Math.min(S + R - 1, E - 5); a++) {
    const shifted = tried((): PageRouting => {
      at = a;
      varint();
      if (bit6 && E - at > 4) varint();
      return { ...start, estCostUsd: cost() };
    });
    if (shifted) return shifted;
  }
  return undefined;
}
