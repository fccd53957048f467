// The rule of imports of docs/architecture.md, checked by `npm run lint`.

/** Rooms from top to bottom. A room imports from rooms below it only. */
const ROOMS = [
  "commands",
  "cli",
  "proxy",
  "server",
  "client",
  "hub",
  "redis",
  "http",
  "session",
  "transport",
  "security",
  "codec",
  "tokenizer",
  "models",
  "config",
  "shared",
];

/** The rooms of AI-TCP, and what each imports of the others. */
const PRIMITIVES = ["crypto", "noise", "identity", "packet", "protection", "frames", "flow", "turn"];
const AITCP = {
  crypto: [],
  noise: ["crypto"],
  identity: ["crypto"],
  packet: [],
  protection: ["packet"],
  frames: [],
  flow: ["frames"],
  turn: ["frames"],
  handshake: PRIMITIVES,
  connection: [...PRIMITIVES, "handshake"],
  session: [...PRIMITIVES, "handshake", "connection"],
  api: [...PRIMITIVES, "handshake", "connection", "session"],
};

/** The composition root: it alone knows both the commands and the machinery around them. */
const ROOT = "^src/cli/(main|oclif-commands)\\.ts$";

const upward = ROOMS.slice(1).map((room, index) => ({
  name: `${room}-imports-down-only`,
  comment: `src/${room} may import only from the rooms below it.`,
  severity: "error",
  from: { path: `^src/${room}/`, pathNot: ROOT },
  to: { path: `^src/(index\\.ts|(${ROOMS.slice(0, index + 1).join("|")})/)` },
}));

const withinAiTcp = Object.entries(AITCP).map(([room, below]) => ({
  name: `aitcp-${room}-imports-down-only`,
  comment: `src/transport/aitcp/${room} enters by their index.ts: ${below.join(", ") || "none of the others"}.`,
  severity: "error",
  from: { path: `^src/transport/aitcp/${room}/` },
  to: {
    path: "^src/transport/aitcp/[^/]+/",
    pathNot: [
      `^src/transport/aitcp/${room}/`,
      ...below.map((other) => `^src/transport/aitcp/${other}/index\\.ts$`),
    ],
  },
}));

module.exports = {
  forbidden: [
    ...upward,
    ...withinAiTcp,
    {
      name: "session-without-transport",
      comment: "Sessions of M2M and AI-TCP do not know each other: server and client put one on the other.",
      severity: "error",
      from: { path: "^src/session/" },
      to: { path: "^src/transport/" },
    },
    {
      name: "rooms-by-their-index",
      comment:
        "A room is entered through its index.ts; the files of shared (and of cli, for commands) are the interface.",
      severity: "error",
      from: { path: "^src/([^/]+)(/|\\.ts$)", pathNot: ROOT },
      to: { path: "^src/(?!shared/|cli/)[^/]+/", pathNot: ["^src/$1/", "^src/[^/]+/index\\.ts$"] },
    },
    {
      name: "library-without-command-line",
      comment: "The public library loads nothing of the command line, the configuration or oclif.",
      severity: "error",
      from: { path: "^src/(index\\.ts|(client|session|security|codec|tokenizer|models)/index\\.ts)$" },
      to: { path: "^src/(commands|cli|hub|config)/|(^|/)@oclif/", reachable: true },
    },
    {
      name: "adapters-apart",
      comment: "The proxy, the server, the client and the hub stand side by side: none knows another.",
      severity: "error",
      from: { path: "^src/(proxy|server|client|hub)/" },
      to: { path: "^src/(proxy|server|client|hub)/", pathNot: "^src/$1/" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-development-packages",
      comment: "What ships depends on `dependencies` only.",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "resolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
