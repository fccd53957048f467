interface KeyBase {
  /** One line for `docs/configuration.md` and `m2m config list`. */
  readonly summary: string;
}

/** A setting: its type, the values it takes, and its default (absent: the consumer decides). */
export type KeySpec =
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
