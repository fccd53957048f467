import { UnsupportedError } from "../../../shared/errors.js";
import type { HydraDevice } from "../../../shared/security-options.js";
import { CUDA_INSTALL, type OnnxRuntime, type OnnxSession } from "./runtime.js";

/** What `auto` tries before the CPU: WebGPU is not among them, because it is slower than a CPU for so small a network. */
const AUTO_PROVIDERS = ["cuda", "dml", "coreml"];
/** Only what is fatal. */
const LOG_SEVERITY = 4;

interface OpenedSession {
  readonly session: OnnxSession;
  readonly device: string;
  /** Why it is not the device that was asked for. */
  readonly notes: readonly string[];
}

/**
 * Opens `model` on `device`, or on the CPU with a note that says why.
 * @throws {UnsupportedError} `M2M_PLATFORM_UNSUPPORTED` if it does not even run on the CPU
 */
export async function openSession(
  runtime: OnnxRuntime,
  model: Uint8Array,
  device: HydraDevice,
): Promise<OpenedSession> {
  const supported = new Set(runtime.listSupportedBackends().map(({ name }) => name));
  const wanted = device === "auto" ? AUTO_PROVIDERS.filter((name) => supported.has(name)) : [device];
  const notes: string[] = [];
  for (const provider of wanted) {
    if (provider === "cpu") break;
    if (!supported.has(provider)) {
      notes.push(`${provider} is not available on this platform; Hydra runs on cpu.`);
      continue;
    }
    try {
      return { session: await create(runtime, model, provider), device: provider, notes: [] };
    } catch (error) {
      const install = provider === "cuda" ? ` Its libraries come with: ${CUDA_INSTALL}.` : "";
      notes.push(`${provider} cannot be used (${firstLine(error)}); Hydra runs on cpu.${install}`);
    }
  }
  try {
    return { session: await create(runtime, model, "cpu"), device: "cpu", notes };
  } catch (cause) {
    throw new UnsupportedError(
      "M2M_PLATFORM_UNSUPPORTED",
      `ONNX Runtime refuses the model: ${firstLine(cause)}.`,
      {
        hint: "Use the native engine.",
        cause,
      },
    );
  }
}

function create(runtime: OnnxRuntime, model: Uint8Array, provider: string): Promise<OnnxSession> {
  return runtime.InferenceSession.create(model, {
    executionProviders: [provider],
    logSeverityLevel: LOG_SEVERITY,
  });
}

/** The reason without the places in ONNX Runtime's sources that follow or precede it. */
function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const line = message.split("\n", 1)[0].replace(/^\/\S+\s.*?\bwas false\. /, "");
  return line.length > 160 ? `${line.slice(0, 160)}…` : line.replace(/\.$/, "");
}
