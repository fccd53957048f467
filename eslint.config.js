// Lint rules. Formatting is prettier's, the rule of imports is dependency-cruiser's; what is here is about meaning.
import js from "@eslint/js";
import tseslint from "typescript-eslint";

/** Rooms that also run in browsers: Node built-ins are reached through shared/platform.ts only. */
const PORTABLE = ["src/index.ts", "src/{shared,models,tokenizer,codec,security,session}/**/*.ts"];

/** What scripts in plain JavaScript use of Node. */
const SCRIPT_GLOBALS = [
  ...["process", "console", "Buffer", "URL", "performance", "TextDecoder", "TextEncoder"],
  ...["__dirname", "module", "require"],
];

const signalsLeak = {
  object: "AbortSignal",
  property: "any",
  message: "It leaks on Node 20: use shared/joined-signal.ts.",
};
const noDefaultExport = {
  selector: "ExportDefaultDeclaration",
  message: "Use a named export.",
};

export default tseslint.config(
  {
    ignores: [
      "dist/",
      "node_modules/",
      "coverage/",
      ".peers/",
      "test/vectors/",
      "**/*.gen.ts",
      "kernel/*.ts",
    ],
  },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "object-shorthand": "error",
      "no-param-reassign": "off",
      // Wire formats are made of control characters.
      "no-control-regex": "off",
      "max-lines": ["error", { max: 400 }],
    },
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { disallowTypeAnnotations: false }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/require-await": "off",
      // Interfaces here declare methods; reading one to see whether it is there is no misuse.
      "@typescript-eslint/unbound-method": "off",
      // `cause` may be anything, and is shown as it is.
      "@typescript-eslint/no-base-to-string": "off",
      "no-restricted-syntax": ["error", noDefaultExport],
    },
  },
  {
    files: ["src/**/*.ts"],
    rules: {
      "no-console": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "no-restricted-properties": ["error", signalsLeak],
    },
  },
  {
    files: PORTABLE,
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: ["node:*"], message: "Use shared/platform.ts: this room runs in browsers too." },
          ],
        },
      ],
      "no-restricted-properties": [
        "error",
        signalsLeak,
        { object: "process", property: "exit", message: "The library never ends the process." },
        { object: "process", property: "argv", message: "The library reads no arguments." },
      ],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      "max-lines": "off",
      // chai's assertions are property reads.
      "@typescript-eslint/no-unused-expressions": "off",
      // Tests parse JSON and feed wrong values on purpose.
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  {
    files: ["**/*.{js,mjs,cjs}"],
    languageOptions: {
      globals: Object.fromEntries(SCRIPT_GLOBALS.map((name) => [name, "readonly"])),
    },
  },
  {
    files: ["bin/*.js"],
    languageOptions: { sourceType: "commonjs" },
  },
);
