/** Models on this machine and where they come from: the Hugging Face hub, a mirror, a folder. */
export { DEFAULT_MODEL_NAME, findKnownModel, KNOWN_MODELS, CARD_FILE } from "./catalogue.js";
export { downloadModel } from "./download.js";
export type { DownloadProgress, DownloadRequest, DownloadResult } from "./download.js";
export { resolveSource } from "./source.js";
export { findModel, listModels, modelFolder, readWeightsFile, removeModel, sizeState } from "./store.js";
export type { InstalledModel, ModelOrigin } from "./store.js";
export { checkFiles } from "./verify.js";
export type { FileCheck } from "./verify.js";
