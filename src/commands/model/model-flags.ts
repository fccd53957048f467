import { resolve } from "node:path";
import type { CommandContext } from "../../cli/context.js";

/** The positional of every command on one model. */
export const NAME_ARG = { name: { summary: "The model. Default: hydra." } } as const;

export const DIR_FLAG = {
  dir: {
    type: "string",
    summary: "Folder of the model.",
    valueName: "PATH",
    fallback: "models/NAME in ~/.m2m or M2M_HOME",
  },
} as const;

/** `--dir` as an absolute path. */
export function folderOf(context: CommandContext, dir: string | undefined): string | undefined {
  return dir === undefined ? undefined : resolve(context.cwd, dir);
}

/** Such as `38.2 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
