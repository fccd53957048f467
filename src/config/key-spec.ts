/**
 * What of a setting counts in a project file, beside the value that holds without it: anything, nothing, a number below that, one above it, or
 * `true`. Whoever wrote the repository that is looked at wrote that file too: it may not switch off what looks at it, nor say where
 * requests go, who this machine is to others, or who may come in.
 */
export type ProjectShare = "any" | "none" | "lower" | "higher" | "true";

interface KeyBase {
  /** One line for `docs/configuration.md` and `m2m config list`. */
  readonly summary: string;
}

/** The type of a setting, the values it takes, and its default (absent: the consumer decides). */
export type KeyShape =
  | (KeyBase & { readonly type: "boolean"; readonly default?: boolean })
  | (KeyBase & {
      readonly type: "integer" | "number";
      readonly min: number;
      readonly max: number;
      readonly default?: number;
    })
  | (KeyBase & { readonly type: "enum"; readonly options: readonly string[]; readonly default?: string })
  /** A path; relative to the folder of the file that sets it, else to the working directory. `~` is the home folder. */
  | (KeyBase & { readonly type: "path"; readonly default?: string })
  /** Words: a list of strings or one string with commas in a file. The value is the words with commas between them. */
  | (KeyBase & { readonly type: "list"; readonly default?: string })
  /** Any text of one line, such as a host or an address. A secret one is never shown. */
  | (KeyBase & { readonly type: "text"; readonly secret?: boolean; readonly default?: string });

/** A setting. */
export type KeySpec = KeyShape & { readonly project: ProjectShare };

/** Settings of one kind, of which a project file may give the same, unless one says otherwise. */
export function withProject<Keys extends Readonly<Record<string, KeyShape & Partial<KeySpec>>>>(
  project: ProjectShare,
  keys: Keys,
): { readonly [Key in keyof Keys]: Keys[Key] & { readonly project: ProjectShare } } {
  const entries = Object.entries(keys).map(([key, spec]) => [key, { project, ...spec }]);
  return Object.fromEntries(entries) as ReturnType<typeof withProject<Keys>>;
}
