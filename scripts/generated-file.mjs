import { readFileSync, writeFileSync } from "node:fs";

/** Writes `text` to `file` if it differs, or with `check` only reports. Returns whether it differed. */
export function writeGenerated(file, text, { check }) {
  let current = "";
  try {
    current = readFileSync(file, "utf8");
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  if (current === text) return false;
  if (!check) writeFileSync(file, text);
  return true;
}
