import { createHash } from "node:crypto";
import { lazily } from "../../shared/lazy.js";
import { PAGE_SCRIPT } from "./page-script.js";
import { PAGE_STYLE } from "./page-style.js";

/** The page at `/_m2m/`: it holds all that it needs, and asks only `/_m2m/stats`. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>m2m proxy</title>
<link rel="icon" href="data:,">
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>m2m proxy</h1>
<p id="state" role="status">Loading…</p>
</header>
<main>
<section aria-labelledby="now"><h2 id="now" class="unseen">At a glance</h2><dl id="tiles"></dl></section>
<section class="chart" aria-labelledby="rate">
<h2 id="rate">Requests a second <span id="rate-now"></span></h2>
<svg id="spark" viewBox="0 0 600 96" preserveAspectRatio="none" role="img" aria-label="Requests a second over the last minutes"></svg>
<p class="axis"><span id="spark-from"></span><span>now</span></p>
</section>
<section aria-labelledby="times"><h2 id="times">Times</h2>
<div class="wide" tabindex="0" role="region" aria-label="Times"><table id="latency"><thead><tr><th scope="col">Milliseconds</th><th scope="col">p50</th><th scope="col">p95</th><th scope="col">p99</th><th scope="col">Mean</th><th scope="col">Most</th></tr></thead><tbody></tbody></table></div></section>
<section aria-labelledby="models-title"><h2 id="models-title">Models</h2>
<div class="wide" tabindex="0" role="region" aria-label="Models"><table id="models"><thead><tr><th scope="col">Model</th><th scope="col">Requests</th><th scope="col">Tokens in</th><th scope="col">Cached</th><th scope="col">Tokens out</th><th scope="col">US dollars</th></tr></thead><tbody></tbody></table></div></section>
<section aria-labelledby="upstreams-title"><h2 id="upstreams-title">Upstreams</h2>
<div class="wide" tabindex="0" role="region" aria-label="Upstreams"><table id="upstreams"><thead><tr><th scope="col">Name</th><th scope="col">Address</th><th scope="col">State</th></tr></thead><tbody></tbody></table></div></section>
</main>
<noscript><p>This page needs JavaScript; <a href="stats">the same as JSON</a>.</p></noscript>
<footer><a href="stats">JSON</a> <a href="metrics">Prometheus</a></footer>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;

/** Nothing but what is in the page may run, and it may ask this proxy only. */
export const pagePolicy = lazily(() =>
  [
    "default-src 'none'",
    `script-src '${digestOf(PAGE_SCRIPT)}'`,
    `style-src '${digestOf(PAGE_STYLE)}'`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
);

function digestOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
