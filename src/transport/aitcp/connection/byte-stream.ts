/**
 * An ordered stream of bytes in both directions, as `node:stream` has it in `Duplex`: what AI-TCP needs of one, so that its types stand
 * without those of Node.
 */
export interface ByteStream {
  readonly writableNeedDrain: boolean;
  readonly writableEnded: boolean;
  readonly writableLength: number;
  readonly destroyed: boolean;
  // Events differ in what their listeners take.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  on(event: string, listener: (...values: any[]) => void): this;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  once(event: string, listener: (...values: any[]) => void): this;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  off(event: string, listener: (...values: any[]) => void): this;
  write(bytes: Uint8Array): boolean;
  cork(): void;
  uncork(): void;
  pause(): this;
  resume(): this;
  end(): this;
  destroy(error?: Error): this;
}
