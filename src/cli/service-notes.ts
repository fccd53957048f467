import { createLogger, type Logger, type LoggerOptions } from "../http/index.js";
import type { CommandContext } from "./context.js";
import { writeStderr } from "./stdio.js";

/** What a command that keeps running says beside its log. */
export interface ServiceNotes {
  /** For people, unless `--quiet`. */
  note(text: string): void;
  /** What somebody should know: `--quiet` does not silence it. */
  warn(text: string): void;
}

/** What a command that keeps running says on stderr: its log, and its notes. */
export interface ServiceLog {
  readonly logger: Logger;
  readonly notes: ServiceNotes;
}

/** @param json one JSON object a line, and nothing else */
export function openServiceLog(
  context: Pick<CommandContext, "note" | "quiet">,
  { level, json }: Pick<LoggerOptions, "level" | "json">,
): ServiceLog {
  const logger = createLogger({ level, json, write: writeStderr });
  return { logger, notes: serviceNotes(context, logger, json) };
}

/** Lines for people, or events of the log: who reads stderr as JSON is to find nothing else there. */
function serviceNotes(
  context: Pick<CommandContext, "note" | "quiet">,
  logger: Logger,
  isJson: boolean,
): ServiceNotes {
  if (!isJson) {
    return {
      note: (text) => context.note(text),
      warn: (text) => writeStderr(`m2m: WARNING: ${text}\n`),
    };
  }
  return {
    note: (text) => {
      if (!context.quiet) logger.info(inOneLine(text));
    },
    warn: (text) => logger.warn(inOneLine(text)),
  };
}

function inOneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ");
}
