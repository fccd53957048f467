import { pino } from "pino";
import type { LogLevel } from "../shared/log-levels.js";
import { redactText, redactValue } from "./redact.js";

export interface LoggerOptions {
  readonly level: LogLevel;
  /** One JSON object a line (pino's form), or lines for people. */
  readonly json: boolean;
  /** Takes each line with its newline. */
  readonly write: (line: string) => void;
}

type LogMethod = (first: object | string, message?: string) => void;

/** Writes events: `log.info({ status: 200 }, "request")`. */
export interface Logger {
  readonly trace: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly fatal: LogMethod;
  isLevelEnabled(level: LogLevel): boolean;
  /** A logger whose events all have `bindings`. */
  child(bindings: object): Logger;
}

/** A logger. Credentials never get into it, whether a member's name gives them away or their looks (`redact.ts`). */
export function createLogger({ level, json, write }: LoggerOptions): Logger {
  const redactMembers = (members: object) => redactValue(members) as Record<string, unknown>;
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redactMembers, bindings: redactMembers },
      // `redactValue` has made a plain object of the error.
      serializers: { err: (error: unknown) => error },
      hooks: {
        logMethod([first, second], method) {
          if (typeof first === "string") return method.call(this, redactText(first));
          const err = first instanceof Error ? first : (first as { err?: unknown }).err;
          // Without a message pino takes that of the error.
          const message =
            typeof second === "string" ? second : err instanceof Error ? err.message : undefined;
          method.call(this, err === first ? { err } : first, message && redactText(message));
        },
      },
    },
    { write: json ? write : (line: string) => write(formatLine(line)) },
  );
  const makeChild = logger.child;
  // Bindings of a child are written once, past the formatters. Children inherit this method.
  return Object.assign(logger, {
    child(this: typeof logger, bindings: object) {
      return makeChild.call(this, redactMembers(bindings));
    },
  });
}

/** A line for people: time, level, message, and the members as `name=value`. */
function formatLine(line: string): string {
  const { time, level, msg, err, ...members } = JSON.parse(line) as Record<string, unknown>;
  const { stack, message, code } = (err ?? {}) as { stack?: string; message?: string; code?: string };
  const told = stack === undefined && message !== undefined ? { ...members, code, reason: message } : members;
  const shown = Object.entries(told).filter(([, value]) => value !== undefined);
  const pairs = shown.map(([name, value]) => `${name}=${formatMember(value)}`);
  const words = [time, String(level).toUpperCase().padEnd(5), ...(msg === undefined ? [] : [msg]), ...pairs];
  return `${words.join(" ")}\n${stack === undefined ? "" : `${stack}\n`}`.replace(CONTROL, escapeControl);
}

function formatMember(value: unknown): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

/** What could move the cursor of a terminal, or feign another line. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g;

function escapeControl(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
