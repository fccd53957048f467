import { packageMissing } from "../../../shared/optional-package.js";

/** What is used of `onnxruntime-node`. The package is optional, so its own types are not imported. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: { executionProviders: string[]; logSeverityLevel: number },
    ): Promise<OnnxSession>;
  };
  readonly Tensor: new (
    type: "int64" | "float32",
    data: BigInt64Array | Float32Array,
    shape: readonly number[],
  ) => OnnxTensor;
  listSupportedBackends(): readonly { readonly name: string }[];
  readonly env: { logLevel?: string };
}

export interface OnnxSession {
  run(inputs: Record<string, OnnxTensor>): Promise<Record<string, OnnxTensor>>;
  release(): Promise<void>;
}

export interface OnnxTensor {
  readonly data: unknown;
}

/** Imports the package; another one than the default is for hosts that bring their own. */
export type OnnxRuntimeLoader = () => Promise<unknown>;

const PACKAGE = "onnxruntime-node";
const CPU_INSTALL = `npm install ${PACKAGE} --onnxruntime-node-install=skip`;
export const CUDA_INSTALL = `npm install ${PACKAGE} --onnxruntime-node-install=cuda12`;

/** A name in a variable is left alone by bundlers. */
const importPackage: OnnxRuntimeLoader = () => import(PACKAGE) as Promise<unknown>;

/**
 * The ONNX runtime.
 * @throws {UnsupportedError} `M2M_PACKAGE_MISSING` if the package is not there or does not load
 */
export async function loadOnnxRuntime(load: OnnxRuntimeLoader = importPackage): Promise<OnnxRuntime> {
  try {
    const module = (await load()) as { default?: unknown };
    const runtime = (module.default ?? module) as OnnxRuntime;
    // What cannot be used is said in a note, not in lines that the library writes to stderr.
    runtime.env.logLevel = "fatal";
    return runtime;
  } catch (cause) {
    const hint = `For the CPU: ${CPU_INSTALL}. For CUDA 12, with a download from outside the registry: ${CUDA_INSTALL}.`;
    throw packageMissing(PACKAGE, cause, hint);
  }
}
