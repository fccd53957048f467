/** Flags of the commands that scan. They are read before the scanner is loaded, and load nothing of it. */
import { DETECTORS, DEVICE_NAMES, LEAST_THRESHOLD } from "../shared/security-options.js";
import type { FlagSpecs } from "./definition.js";

/** How a scan can be written. */
export const SCAN_FORMATS = ["table", "json", "sarif", "github"] as const;
export type ScanFormat = (typeof SCAN_FORMATS)[number];

export const THRESHOLD_FLAG = {
  "block-threshold": {
    type: "number",
    summary: "Score from which content counts as unsafe, up to 1.",
    valueName: "SCORE",
    min: LEAST_THRESHOLD,
    max: 1,
    fallback: "security.block_threshold, or 0.8",
    env: "M2M_SECURITY_BLOCK_THRESHOLD",
    group: "SECURITY",
  },
} as const satisfies FlagSpecs;

export const SCANNER_FLAGS = {
  engine: {
    type: "enum",
    options: DETECTORS,
    summary: "What judges: the rules, Hydra, or both.",
    fallback: "security.engine, or both",
    env: "M2M_SECURITY_ENGINE",
    group: "SECURITY",
  },
  device: {
    type: "enum",
    options: DEVICE_NAMES,
    valueName: "NAME",
    summary: `What runs Hydra: m2m itself (native), or ONNX Runtime (the package onnxruntime-node) on ${DEVICE_NAMES.slice(1).join(", ")}.`,
    fallback: "security.device, or native",
    env: "M2M_SECURITY_DEVICE",
    group: "SECURITY",
  },
} as const satisfies FlagSpecs;

export const MODEL_DIR_FLAG = {
  "model-dir": {
    type: "string",
    summary: "Folder of Hydra's weights.",
    valueName: "PATH",
    fallback: "security.model_dir, the downloaded, or those of the package",
    env: "M2M_SECURITY_MODEL_DIR",
    group: "SECURITY",
  },
} as const satisfies FlagSpecs;

/** Of commands that scan only on request. */
export const GUARD_FLAGS = {
  secure: {
    type: "boolean",
    summary: "Scan first, and refuse what is a threat (exit 1).",
    group: "SECURITY",
  },
  "block-threshold": { ...THRESHOLD_FLAG["block-threshold"], dependsOn: ["secure"] },
  engine: { ...SCANNER_FLAGS.engine, dependsOn: ["secure"] },
  device: { ...SCANNER_FLAGS.device, dependsOn: ["secure"] },
  "model-dir": { ...MODEL_DIR_FLAG["model-dir"], dependsOn: ["secure"] },
} as const satisfies FlagSpecs;
