import { readFileSync } from "node:fs";

/** The `cases` of a file under test/vectors. */
export function readVectors<Case>(file: string): Case[] {
  const url = new URL(`../vectors/${file}`, import.meta.url);
  return (JSON.parse(readFileSync(url, "utf8")) as { cases: Case[] }).cases;
}
