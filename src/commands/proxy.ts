import { defineCommand } from "../cli/definition.js";
import { MODEL_DIR_FLAG, SCANNER_FLAGS, THRESHOLD_FLAG } from "../cli/scan-flags.js";
import { listenFlags, logFlags } from "../cli/server-flags.js";
import { OPTIMIZE_LEVELS } from "../shared/proxy-options.js";

export const PROXY = defineCommand({
  id: "proxy",
  staysRunning: true,
  summary: "Stand between clients of an LLM API and its provider: count, scan, compress, retry.",
  description:
    "Clients keep their SDK and their key; only its base URL changes. Requests and streams pass as they are. " +
    "/_m2m/ is a page with what goes through, /_m2m/stats the same as JSON, /_m2m/metrics for Prometheus. " +
    "Ctrl-C or SIGTERM lets running requests finish.",
  examples: [
    { description: "For OpenAI's SDKs", command: "m2m proxy --target https://api.openai.com" },
    {
      description: "For Anthropic's, and nothing unsafe gets through",
      command: "m2m proxy --target https://api.anthropic.com --blocking",
    },
    {
      description: "The near end of a slow link; the far end is a proxy as above",
      command: "m2m proxy --target http://far.example:8080 --peer",
    },
  ],
  args: {},
  flags: {
    target: {
      type: "string",
      summary: "URL of the API.",
      valueName: "URL",
      fallback: "the tables [[upstream]] of the user file, or proxy.target",
      env: "M2M_PROXY_TARGET",
    },
    ...listenFlags("proxy", 8080),
    "auth-token": {
      type: "string",
      summary:
        "What clients must send in the header x-m2m-token. Others may see it in the process list; a variable is better.",
      valueName: "TOKEN",
      secret: true,
      env: "M2M_PROXY_AUTH_TOKEN",
      group: "SECURITY",
    },
    "no-scan": {
      type: "boolean",
      summary: "Do not look for threats.",
      env: "M2M_PROXY_SCAN",
      group: "SECURITY",
    },
    blocking: {
      type: "boolean",
      summary:
        "Refuse unsafe requests with status 403. Without it they are reported, in a header and the log.",
      exclusive: ["no-scan"],
      env: "M2M_PROXY_BLOCKING",
      group: "SECURITY",
    },
    ...THRESHOLD_FLAG,
    "scan-responses": {
      type: "boolean",
      summary: "Scan answers too.",
      exclusive: ["no-scan"],
      env: "M2M_PROXY_SCAN_RESPONSES",
      group: "SECURITY",
    },
    ...SCANNER_FLAGS,
    ...MODEL_DIR_FLAG,
    optimize: {
      type: "enum",
      options: OPTIMIZE_LEVELS,
      summary:
        "Make requests smaller: without parameters that equal defaults, without whitespace in JSON of tool results, with their tables as TOON.",
      fallback: "proxy.optimize, or off",
      env: "M2M_PROXY_OPTIMIZE",
      group: "TRAFFIC",
    },
    peer: {
      type: "boolean",
      summary: "The target is another m2m proxy: what goes between the two is compressed.",
      env: "M2M_PROXY_PEER",
      group: "TRAFFIC",
    },
    "cache-ttl": {
      type: "integer",
      summary: "Keep answers for the same request so many seconds.",
      valueName: "SECONDS",
      min: 0,
      max: 31_536_000,
      fallback: "proxy.cache_ttl_s, or 0: none",
      env: "M2M_PROXY_CACHE_TTL_S",
      group: "TRAFFIC",
    },
    "include-usage": {
      type: "boolean",
      summary: "Ask for the usage of streams whose client does not, and keep it from the client.",
      env: "M2M_PROXY_INCLUDE_USAGE",
      group: "TRAFFIC",
    },
    timeout: {
      type: "integer",
      summary: "Seconds from a request to the status of its answer.",
      valueName: "SECONDS",
      min: 1,
      max: 86_400,
      fallback: "proxy.timeout_s, or 600",
      env: "M2M_PROXY_TIMEOUT_S",
      group: "TRAFFIC",
    },
    retries: {
      type: "integer",
      summary: "Most further tries of a request that fails before its answer begins.",
      valueName: "N",
      min: 0,
      max: 10,
      fallback: "proxy.retries, or 2",
      env: "M2M_PROXY_RETRIES",
      group: "TRAFFIC",
    },
    ...logFlags("proxy"),
  },
  jsonType: `/** Printed when it listens. */
{
  version: 1;
  url: string;
  upstreams: { name: string; url: string }[];
}`,
  async run(context, { flags }) {
    const { runProxy } = await import("../cli/proxy-service.js");
    return runProxy(context, flags);
  },
});
