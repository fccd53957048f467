/** Texts from the statistics, such as names of models, are set as text only: a client chooses them. */
export const PAGE_SCRIPT = `
"use strict";
const PERIOD_MS = 2000, POINTS = 91;
const byId = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const money = (usd) => "$" + (usd >= 100 ? usd.toFixed(0) : usd >= 1 ? usd.toFixed(2) : usd.toFixed(4));
const short = (count) => (count < 10000 ? whole.format(count) : compact.format(count));
const bytes = (count) => {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let at = 0;
  while (count >= 1000 && at < units.length - 1) { count /= 1000; at++; }
  return (at === 0 ? count : count.toFixed(1)) + " " + units[at];
};
const ms = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));
const span = (seconds) => {
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const from = parts.findIndex(([size]) => seconds >= size);
  if (from < 0) return "0 s";
  const [size, unit] = parts[from], next = parts[from + 1];
  const rest = next ? Math.floor((seconds % size) / next[0]) : 0;
  return Math.floor(seconds / size) + " " + unit + (rest ? " " + rest + " " + next[1] : "");
};
function make(name, text, className) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}
function tiles(list) {
  byId("tiles").replaceChildren(...list.map(([title, value, note, alarm]) => {
    const tile = make("div", undefined, alarm ? "alarm" : "");
    const number = make("dd", value);
    number.append(make("small", note || "\\u00a0"));
    tile.append(make("dt", title), number);
    return tile;
  }));
}
function rows(id, list, columns, none) {
  const made = list.map(([head, ...cells]) => {
    const row = make("tr"), first = make("th", head);
    first.scope = "row";
    row.append(first, ...cells.map((cell) => (Array.isArray(cell) ? make("td", cell[0], cell[1]) : make("td", cell))));
    return row;
  });
  if (made.length === 0) {
    const cell = make("td", none, "empty");
    cell.colSpan = columns;
    const row = make("tr");
    row.append(cell);
    made.push(row);
  }
  byId(id).tBodies[0].replaceChildren(...made);
}
const samples = [];
let before;
function draw(stats) {
  const now = performance.now();
  if (before) samples.push((stats.requests.started - before.count) / ((now - before.at) / 1000));
  before = { count: stats.requests.started, at: now };
  if (samples.length > POINTS) samples.shift();
  const most = Math.max(0, ...samples), top = Math.max(1, most), width = 600, height = 96, step = width / (POINTS - 1);
  const first = POINTS - samples.length;
  const points = samples.map((rate, at) => ((first + at) * step).toFixed(1) + " " + (height - 4 - (rate / top) * (height - 12)).toFixed(1));
  const path = (d, name) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", "path");
    element.setAttribute("d", d);
    element.setAttribute("class", name);
    return element;
  };
  const shapes = [path("M0 " + (height - 4) + "H" + width, "base")];
  if (points.length > 1) shapes.push(
    path("M" + (first * step).toFixed(1) + " " + (height - 4) + "L" + points.join("L") + "L" + width + " " + (height - 4) + "Z", "area"),
    path("M" + points.join("L"), "line"));
  byId("spark").replaceChildren(...shapes);
  const rate = samples.length ? samples[samples.length - 1] : 0;
  byId("rate-now").textContent = samples.length ? rate.toFixed(rate < 10 ? 1 : 0) + " now, " + most.toFixed(most < 10 ? 1 : 0) + " at most" : "";
  byId("spark").setAttribute("aria-label", "Requests a second over the last minutes: " + rate.toFixed(1) + " now, " + most.toFixed(1) + " at most");
  byId("spark-from").textContent = span((POINTS - 1) * PERIOD_MS / 1000) + " ago";
}
function show(stats) {
  const { requests, tokens, security, cache } = stats;
  const ended = requests.finished + requests.failed + requests.aborted;
  const sent = stats.bytes.request_sent + stats.bytes.response_sent;
  const list = [
    ["Requests", short(requests.started), requests.active + " running"],
    ["Failed", short(requests.failed), requests.aborted + " aborted by clients", requests.failed > 0],
    ["Tokens in", short(tokens.input), tokens.cached_input ? short(tokens.cached_input) + " cached" : ""],
    ["Tokens out", short(tokens.output), tokens.saved ? short(tokens.saved) + " saved in requests" : ""],
    ["Spent", money(stats.cost_usd), "at list prices"],
    ["Threats", short(security.threats), security.blocked + " blocked", security.threats > 0],
    ["Own time", ended ? ms(stats.overhead.p50_ms) + " ms" : "–", ended ? "p99 " + ms(stats.overhead.p99_ms) + " ms" : ""],
    ["Sent", bytes(sent), "memory " + bytes(stats.memory.rss_bytes)],
  ];
  if (cache.hits + cache.misses > 0) list.push(["From cache", short(cache.hits), "of " + short(cache.hits + cache.misses)]);
  if (stats.retries > 0) list.push(["Further tries", short(stats.retries), stats.fallbacks + " elsewhere"]);
  if (stats.limited > 0) list.push(["Over a limit", short(stats.limited), ""]);
  tiles(list);
  const time = (name, one) => one.count ? [name, ms(one.p50_ms), ms(one.p95_ms), ms(one.p99_ms), ms(one.mean_ms), ms(one.max_ms)] : [name, "–", "–", "–", "–", "–"];
  rows("latency", [time("Whole answer", stats.latency), time("First byte", stats.first_byte), time("In the proxy", stats.overhead)], 6, "");
  rows("models", Object.entries(stats.models).sort((a, b) => b[1].cost_usd - a[1].cost_usd || b[1].requests - a[1].requests).map(([name, one]) =>
    [name, whole.format(one.requests), whole.format(one.input_tokens), whole.format(one.cached_input_tokens), whole.format(one.output_tokens), one.unpriced && one.cost_usd === 0 ? "unknown" : money(one.cost_usd) + (one.unpriced ? " and more" : "")]), 6, "No request yet.");
  rows("upstreams", stats.upstreams.map(({ name, url, state }) => [name, url, [state === "closed" ? "in order" : state === "open" ? "failing" : "being tried", state]]), 3, "");
  draw(stats);
}
async function poll() {
  const state = byId("state");
  try {
    const answer = await fetch("stats", { cache: "no-store" });
    if (!answer.ok) throw new Error("status " + answer.status);
    const stats = await answer.json();
    show(stats);
    state.className = "";
    state.textContent = "Up for " + span(stats.uptime_s);
  } catch (error) {
    state.className = "down";
    state.textContent = "The proxy does not answer.";
  }
  setTimeout(poll, PERIOD_MS);
}
poll();
`;
