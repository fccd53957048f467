import { InputError } from "../shared/errors.js";

/** Longer is for ever as far as anybody will see, and any sum with it stays an exact number. */
const LONGEST_TTL_MS = 1e14;

/**
 * How long something is to be kept, for a script: whole milliseconds, or an empty text for ever. Redis counts them by its
 * own clock, so a clock of a process that is wrong does not matter.
 * @param expiresAtMs by the clock of the process, as `nowMs`
 * @throws {InputError} `M2M_USAGE` if it is not a number
 */
export function remainingMs(expiresAtMs: number | undefined, nowMs: number): string {
  if (expiresAtMs === undefined || expiresAtMs === Infinity) return "";
  if (Number.isNaN(expiresAtMs)) throw new InputError("M2M_USAGE", "A time of expiry is a number.");
  return String(Math.ceil(Math.min(Math.max(expiresAtMs - nowMs, 0), LONGEST_TTL_MS)));
}

/** Lua: `now`, the milliseconds since 1970 by the server's clock, and `text`, which writes whole numbers out. */
export const LUA_CLOCK = `
local function text(number) return string.format('%.0f', number) end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;
