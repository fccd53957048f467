/** What oclif's `explicit` strategy loads: every command as a class, by its id with colons. */
import type { Command } from "@oclif/core";
import { COMMANDS as DEFINITIONS } from "../commands/index.js";
import { toOclifCommand } from "./oclif-command.js";

export const COMMANDS: Record<string, typeof Command> = Object.fromEntries(
  DEFINITIONS.map((definition) => [definition.id.replaceAll(" ", ":"), toOclifCommand(definition)]),
);
