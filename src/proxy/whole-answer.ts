/** An answer that is there whole. */
export interface WholeAnswer {
  readonly status: number;
  /** Name, value, name, value; without the length. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}
