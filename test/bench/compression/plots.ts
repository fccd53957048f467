import { AREA, drawFrame, fixed, mark, seriesClass, text, toX, toY, type Tick } from "./plot-frame.js";

export interface Series {
  readonly name: string;
  readonly ours: boolean;
}
/** Ratios by bucket, in the order of the buckets; NaN where a bucket has no messages. */
export interface RatioSeries extends Series {
  readonly ratios: readonly number[];
}
export interface SpeedPoint extends Series {
  readonly ratio: number;
  readonly msPerKilobyte: number;
}

const LABEL_HEIGHT = 16;

/** Lines of the ratio over the size of the message, each named at its end. */
export function plotRatios(
  title: string,
  buckets: readonly string[],
  series: readonly RatioSeries[],
): string {
  const top = Math.max(1, ...series.flatMap(({ ratios }) => ratios.filter((ratio) => !Number.isNaN(ratio))));
  const height = Math.ceil(top * 10) / 10;
  const at = (column: number): number => (column + 0.5) / buckets.length;
  const ends = series.map(({ ratios }) => toY(ratios.findLast((ratio) => !Number.isNaN(ratio))! / height));
  const places = spread(ends, LABEL_HEIGHT);
  const content = series.flatMap(({ name, ours, ratios }, index) => {
    const classes = seriesClass(index, ours);
    const points = ratios.flatMap((ratio, column) =>
      Number.isNaN(ratio) ? [] : [{ x: toX(at(column)), y: toY(ratio / height) }],
    );
    const path = points.map(({ x, y }, point) => `${point ? "L" : "M"}${fixed(x)} ${fixed(y)}`).join("");
    const last = points.at(-1)!;
    return [
      `<path class="line ${classes}" d="${path}"/>`,
      ...points.map(({ x, y }) => mark(x, y, index, classes)),
      `<path class="leader ${classes}" d="M${fixed(last.x + 8)} ${fixed(last.y)}L${AREA.right + 4} ${fixed(places[index])}h8"/>`,
      mark(AREA.right + 20, places[index], index, classes),
      text(AREA.right + 32, places[index] + 4, name, `name ${classes}`),
    ];
  });
  return drawFrame(
    {
      title,
      x: {
        label: "size of the message, bytes",
        ticks: buckets.map((label, column) => ({ at: at(column), label })),
      },
      y: { label: "compressed / original bytes (smaller is better)", ticks: ratioTicks(height) },
    },
    content,
  );
}

/** Points of the ratio over the time to compress, on a logarithmic scale. */
export function plotSpeed(title: string, points: readonly SpeedPoint[]): string {
  const logs = points.map(({ msPerKilobyte }) => Math.log10(msPerKilobyte));
  const [low, high] = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs))];
  const height = Math.ceil(Math.max(...points.map(({ ratio }) => ratio)) * 10 + 0.5) / 10;
  const decades = Array.from({ length: high - low + 1 }, (_, index) => low + index);
  const placed = points.map(({ ratio }, index) => ({
    x: toX((logs[index] - low) / (high - low)),
    y: toY(ratio / height),
  }));
  const places = spread(
    placed.map(({ y }) => y),
    LABEL_HEIGHT,
  );
  const content = points.flatMap(({ name, ours }, index) => {
    const classes = seriesClass(index, ours);
    const { x, y } = placed[index];
    return [
      `<path class="leader ${classes}" stroke-dasharray="2 3" d="M${fixed(x + 8)} ${fixed(y)}L${AREA.right + 4} ${fixed(places[index])}h8"/>`,
      mark(x, y, index, classes),
      mark(AREA.right + 20, places[index], index, classes),
      text(AREA.right + 32, places[index] + 4, name, `name ${classes}`),
    ];
  });
  return drawFrame(
    {
      title,
      x: {
        label: "time to compress, ms per KB (median of the messages, logarithmic; less is better)",
        ticks: decades.map((decade) => ({ at: (decade - low) / (high - low), label: String(10 ** decade) })),
      },
      y: { label: "compressed / original bytes (smaller is better)", ticks: ratioTicks(height) },
    },
    content,
  );
}

function ratioTicks(height: number): Tick[] {
  const step = height > 0.7 ? 0.2 : 0.1;
  const count = Math.floor(height / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => ({
    at: (index * step) / height,
    label: (index * step).toFixed(1),
  }));
}

/** Heights for labels that want to stand at `wanted`: in the same order, at least `distance` apart, inside the plot. */
export function spread(wanted: readonly number[], distance: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b]);
  const places = [...wanted];
  let least = AREA.top;
  for (const index of order) {
    places[index] = Math.max(places[index], least);
    least = places[index] + distance;
  }
  let most = AREA.bottom;
  for (const index of order.reverse()) {
    places[index] = Math.min(places[index], most);
    most = places[index] - distance;
  }
  return places;
}
