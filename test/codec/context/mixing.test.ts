import { expect } from "chai";
import fc from "fast-check";
import { Mixer } from "../../../src/codec/context/mixing/mixer.js";
import { MAP_POINTS, ProbabilityMap } from "../../../src/codec/context/mixing/probability-map.js";

const INPUTS = 4;
const SETS = 5;
const to32 = (value: bigint): bigint => BigInt.asIntN(32, value);

/** The mixer over whole numbers without bounds, wrapped to 32 bits where the format says so. */
class SlowMixer {
  readonly weights: bigint[];
  inputs: bigint[] = [];
  sets: number[] = [];

  constructor(initial: Int16Array) {
    this.weights = Array.from(initial, BigInt);
  }

  mix(sets: number[]): bigint {
    this.sets = sets;
    let sum = 0n;
    this.inputs.forEach((input, i) => {
      const weight = sets.reduce((total, set) => total + this.weights[set * INPUTS + i], 0n);
      sum = to32(sum + to32(input * to32(weight)));
    });
    const mixed = sum >> 14n;
    return mixed > 2047n ? 2047n : mixed < -2047n ? -2047n : mixed;
  }

  update(error: bigint, rate: bigint): void {
    const scaled = to32(error * rate) >> 10n;
    this.inputs.forEach((input, i) => {
      const change = to32(to32(input * scaled) + 8192n) >> 14n;
      for (const set of this.sets)
        this.weights[set * INPUTS + i] = to32(this.weights[set * INPUTS + i] + change);
    });
  }
}

const STEP = fc.record({
  inputs: fc.array(fc.integer({ min: -2047, max: 2047 }), { minLength: INPUTS, maxLength: INPUTS }),
  sets: fc.tuple(fc.constantFrom(0, 1), fc.constantFrom(2, 3), fc.constant(4)),
  error: fc.integer({ min: -65536, max: 65536 }),
});

describe("codec/context/mixing", () => {
  it("mixes and learns as arithmetic without bounds, and goes back", () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 60 }), (steps) => {
        const initial = Int16Array.from({ length: SETS * INPUTS }, (_, i) => 1600 - i * 90);
        const mixer = new Mixer(initial, INPUTS, 24);
        const slow = new SlowMixer(initial);
        for (const { inputs, sets, error } of steps) {
          mixer.inputs.set(inputs);
          slow.inputs = inputs.map(BigInt);
          expect(BigInt(mixer.mix(...sets))).to.equal(slow.mix([...sets]));
          mixer.update(error);
          slow.update(BigInt(error), 24n);
        }
        expect(Array.from(mixer.weights, BigInt)).to.deep.equal(slow.weights);
        mixer.restore();
        expect(Array.from(mixer.weights)).to.deep.equal(Array.from(initial));
      }),
    );
  });

  it("refines between the points of a curve, moves the nearer one, and goes back", () => {
    const initial = Uint16Array.from({ length: 3 * MAP_POINTS }, (_, i) => 1000 + (i % MAP_POINTS) * 2600);
    const step = fc.tuple(
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: -2047, max: 2047 }),
      fc.integer({ min: 0, max: 1 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6000 }), (steps) => {
        const map = new ProbabilityMap(initial, 20);
        const slow = Array.from(initial);
        for (const [curve, stretched, bit] of steps) {
          const place = (stretched + 2048) * (MAP_POINTS - 1);
          const at = curve * MAP_POINTS + Math.floor(place / 4096);
          const part = place % 4096;
          const expected = Math.floor(
            (Math.floor(slow[at] / 2) * (4096 - part) + Math.floor(slow[at + 1] / 2) * part) / 2048,
          );
          expect(map.refine(curve, stretched)).to.equal(expected);
          map.update(bit);
          const nearer = part > 2047 ? at + 1 : at;
          slow[nearer] += Math.floor((((bit === 1 ? 65535 : 0) - slow[nearer]) * 20) / 1024);
        }
        expect(Array.from(map.curves)).to.deep.equal(slow);
        map.restore();
        expect(Array.from(map.curves)).to.deep.equal(Array.from(initial));
      }),
      { numRuns: 30 },
    );
  });
});
