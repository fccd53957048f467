/** The page of a plot: sizes in pixels, the area between the axes, and the colours of both themes. */
export const WIDTH = 800;
export const HEIGHT = 460;
export const AREA = { left: 64, right: 590, top: 56, bottom: 396 } as const;

/** Colours by series, told apart without red and green alone (after Okabe and Ito); in dark mode the second row. */
const LIGHT = ["#0072b2", "#b8860b", "#008060", "#a0529c", "#5b6770", "#c2571a", "#2a7f9e", "#7a5c3e"];
const DARK = ["#5cb3ec", "#e6b84c", "#3cc79a", "#d99ad6", "#a9b4bd", "#f08c53", "#7fd0e8", "#c9a989"];
/** Of the formats of this project. */
const OURS = ["#c4123f", "#ff6b8b"];

export interface Tick {
  /** 0 to 1 along the axis. */
  readonly at: number;
  readonly label: string;
}

export interface Axes {
  readonly title: string;
  readonly x: { readonly label: string; readonly ticks: readonly Tick[] };
  readonly y: { readonly label: string; readonly ticks: readonly Tick[] };
}

export const toX = (share: number): number => AREA.left + share * (AREA.right - AREA.left);
export const toY = (share: number): number => AREA.bottom - share * (AREA.bottom - AREA.top);

/** Class of a series: one of the colours, or that of this project. */
export function seriesClass(index: number, ours: boolean): string {
  return ours ? "ours" : `s${index % LIGHT.length}`;
}

/** A whole SVG with axes, grid and title around `content`; it follows the theme of the reader. */
export function drawFrame({ title, x, y }: Axes, content: readonly string[]): string {
  const middleX = (AREA.left + AREA.right) / 2;
  const middleY = (AREA.top + AREA.bottom) / 2;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${style()}</style>`,
    `<rect class="page" width="${WIDTH}" height="${HEIGHT}"/>`,
    text(AREA.left, 30, title, "title"),
    ...x.ticks.map(({ at, label }) => text(toX(at), AREA.bottom + 20, label, "tick middle")),
    ...y.ticks.flatMap(({ at, label }) => [
      `<path class="grid" d="M${AREA.left} ${fixed(toY(at))}H${AREA.right}"/>`,
      text(AREA.left - 8, toY(at) + 4, label, "tick end"),
    ]),
    ...x.ticks.map(({ at }) => `<path class="axis" d="M${fixed(toX(at))} ${AREA.bottom}v5"/>`),
    `<path class="axis" d="M${AREA.left} ${AREA.top}V${AREA.bottom}H${AREA.right}"/>`,
    text(middleX, AREA.bottom + 46, x.label, "label middle"),
    `<g transform="translate(18 ${middleY}) rotate(-90)">${text(0, 0, y.label, "label middle")}</g>`,
    ...content,
    "</svg>",
  ];
  return `${lines.join("\n")}\n`;
}

export function text(x: number, y: number, content: string, classes: string): string {
  return `<text class="${classes}" x="${fixed(x)}" y="${fixed(y)}">${escapeXml(content)}</text>`;
}

const MARKS: readonly ((x: string, y: string) => string)[] = [
  (x, y) => `M${x} ${y}m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0`,
  (x, y) => `M${x} ${y}m-4.5 -4.5h9v9h-9z`,
  (x, y) => `M${x} ${y}m0 -6l5.5 9.5h-11z`,
  (x, y) => `M${x} ${y}m0 -6l6 6l-6 6l-6 -6z`,
];

/** The mark of a series, so that it is known without its colour. */
export function mark(x: number, y: number, index: number, classes: string): string {
  return `<path class="mark ${classes}" d="${MARKS[index % MARKS.length](fixed(x), fixed(y))}"/>`;
}

export function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function style(): string {
  const theme = (
    page: string,
    ink: string,
    faint: string,
    colours: readonly string[],
    ours: string,
  ): string =>
    [
      `.page{fill:${page}}text{fill:${ink}}.grid{stroke:${faint}}.axis{stroke:${ink}}`,
      ...colours.map((colour, index) => `.s${index}{--c:${colour}}`),
      `.ours{--c:${ours}}`,
    ].join("");
  return [
    "text{font:12px system-ui,'Segoe UI',Helvetica,Arial,sans-serif}.title{font-size:16px;font-weight:600}",
    ".label{font-size:13px}.middle{text-anchor:middle}.end{text-anchor:end}",
    ".grid,.axis{fill:none;stroke-width:1}.line{fill:none;stroke:var(--c);stroke-width:1.8}",
    ".line.ours{stroke-width:3}.mark{fill:var(--c)}.leader{fill:none;stroke:var(--c);stroke-width:1;opacity:.6}",
    ".name{fill:var(--c)}.name.ours{font-weight:700}",
    theme("#ffffff", "#24292f", "#e3e6e9", LIGHT, OURS[0]),
    `@media (prefers-color-scheme:dark){${theme("#0d1117", "#d5dbe1", "#2a3038", DARK, OURS[1])}}`,
  ].join("");
}

function escapeXml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
