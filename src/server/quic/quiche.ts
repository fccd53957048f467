import { packageMissing } from "../../shared/optional-package.js";

/** What is used of the bindings to Cloudflare's quiche. The package is optional, so its own types are not imported. */
export interface Quiche {
  readonly Config: {
    /** Keys and certificate chains are PEM texts as bytes. */
    withBoringSslCtx(
      verifyPeer: boolean,
      verifyAllowFail: boolean,
      authorities: Uint8Array | null,
      keys: readonly Uint8Array[],
      certificates: readonly Uint8Array[],
      signatureAlgorithms: string | null,
    ): QuicheConfig;
  };
  readonly Connection: {
    /** @param originalId what the client called the server first, if it was sent a Retry packet since */
    accept(
      id: Uint8Array,
      originalId: Uint8Array | null,
      local: HostPort,
      peer: HostPort,
      config: QuicheConfig,
    ): QuicheConnection;
  };
  readonly Header: { fromSlice(packet: Uint8Array, idBytes: number): QuicheHeader };
  /** Writes a Retry packet. @returns its bytes */
  retry(
    sourceId: Uint8Array,
    destinationId: Uint8Array,
    newId: Uint8Array,
    token: Uint8Array,
    version: number,
    out: Uint8Array,
  ): number;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** An address as quiche reads it: without the zone of a link-local one, which it would look up as a name. */
export function bareAddress({ host, port }: HostPort): HostPort {
  return { host: host.split("%", 1)[0], port };
}

export interface QuicheHeader {
  readonly dcid: Uint8Array;
  readonly scid: Uint8Array;
  readonly token?: Uint8Array | null;
}

export interface QuicheConfig {
  setApplicationProtos(names: readonly string[]): void;
  setMaxIdleTimeout(timeoutMs: number): void;
  setMaxRecvUdpPayloadSize(sizeBytes: number): void;
  setMaxSendUdpPayloadSize(sizeBytes: number): void;
  setInitialMaxData(sizeBytes: number): void;
  setInitialMaxStreamDataBidiLocal(sizeBytes: number): void;
  setInitialMaxStreamDataBidiRemote(sizeBytes: number): void;
  setInitialMaxStreamDataUni(sizeBytes: number): void;
  setInitialMaxStreamsBidi(count: number): void;
  setInitialMaxStreamsUni(count: number): void;
  setMaxStreamWindow(sizeBytes: number): void;
  setMaxConnectionWindow(sizeBytes: number): void;
  setActiveConnectionIdLimit(count: number): void;
  setDisableActiveMigration(isDisabled: boolean): void;
  enablePacing(isEnabled: boolean): void;
  enableDgram(isEnabled: boolean, receiveQueue: number, sendQueue: number): void;
  grease(isEnabled: boolean): void;
}

/** `null` stands for "nothing more now"; what goes wrong is an Error whose message is quiche's name for it. */
export interface QuicheConnection {
  recv(datagram: Uint8Array, info: { readonly from: HostPort; readonly to: HostPort }): number;
  send(out: Uint8Array): readonly [number, unknown] | null;
  streamRecv(streamId: number, out: Uint8Array): readonly [number, boolean] | null;
  streamSend(streamId: number, bytes: Uint8Array, isLast: boolean): number | null;
  streamShutdown(streamId: number, direction: 0 | 1, code: number): unknown;
  readable(): Iterable<number>;
  timeout(): number | null;
  onTimeout(): void;
  close(isApplication: boolean, code: number, reason: Uint8Array): unknown;
  isEstablished(): boolean;
  isDraining(): boolean;
  isClosed(): boolean;
  /** Of packets that were authentic. */
  stats(): { readonly recvBytes: number; readonly sentBytes: number };
}

/** Directions of `streamShutdown`. */
export const SHUTDOWN_READ = 0;
export const SHUTDOWN_WRITE = 1;

/** Imports the package; another one than the default is for tests. */
export type QuicPackageLoader = () => Promise<unknown>;

const PACKAGE = "@infisical/quic";

/** A name in a variable is left alone by bundlers. */
const importPackage: QuicPackageLoader = () => import(PACKAGE) as Promise<unknown>;

/**
 * The bindings to quiche.
 * @throws {UnsupportedError} `M2M_PACKAGE_MISSING` if the package is not there, or has nothing for this machine
 */
export async function loadQuiche(load: QuicPackageLoader = importPackage): Promise<Quiche> {
  try {
    const module = (await load()) as {
      native?: { quiche: Quiche };
      default?: { native: { quiche: Quiche } };
    };
    const { quiche } = (module.native ?? module.default?.native)!;
    return quiche;
  } catch (cause) {
    throw packageMissing(PACKAGE, cause);
  }
}
