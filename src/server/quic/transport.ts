import { createPrivateKey, X509Certificate } from "node:crypto";
import { tlsFilesError } from "../../http/index.js";
import { MAX_DATAGRAM_BYTES } from "./connection.js";
import type { QuicLimits } from "./limits.js";
import type { Quiche, QuicheConfig } from "./quiche.js";

/** The application protocol (RFC 7301) that a client has to offer. */
export const ALPN = "m2m/1";

/** PEM texts. */
export interface QuicTls {
  /** The certificate, with those between it and the authority behind it. */
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

const MIB = 2 ** 20;
/** What a stream may send before it is read; grows with use up to the window below. */
const STREAM_WINDOW_BYTES = MIB;
const CONNECTION_WINDOW_BYTES = 4 * MIB;
const MAX_STREAM_WINDOW_BYTES = 4 * MIB;
const MAX_CONNECTION_WINDOW_BYTES = 16 * MIB;

/**
 * What all connections share: TLS 1.3, the one protocol there is for it in QUIC (RFC 9001 section 4.2), without 0-RTT,
 * which is off unless it is switched on; streams and windows.
 * @throws {InputError} `M2M_LISTEN_FAILED` if certificate or key are not usable
 */
export function createTransport(quiche: Quiche, tls: QuicTls, limits: QuicLimits): QuicheConfig {
  const config = createTlsConfig(quiche, tls);
  config.setApplicationProtos([ALPN]);
  config.setMaxIdleTimeout(limits.idleTimeoutMs);
  config.setMaxRecvUdpPayloadSize(MAX_DATAGRAM_BYTES);
  config.setMaxSendUdpPayloadSize(MAX_DATAGRAM_BYTES);
  config.setInitialMaxData(CONNECTION_WINDOW_BYTES);
  config.setInitialMaxStreamDataBidiRemote(STREAM_WINDOW_BYTES);
  config.setInitialMaxStreamDataBidiLocal(0);
  config.setInitialMaxStreamDataUni(0);
  config.setInitialMaxStreamsBidi(limits.maxStreams);
  config.setInitialMaxStreamsUni(0);
  config.setMaxStreamWindow(MAX_STREAM_WINDOW_BYTES);
  config.setMaxConnectionWindow(MAX_CONNECTION_WINDOW_BYTES);
  config.setActiveConnectionIdLimit(2);
  // A connection stays with the address it began at: see `QuicEndpoint`.
  config.setDisableActiveMigration(true);
  // The times that quiche paces by are not readable through the bindings.
  config.enablePacing(false);
  config.enableDgram(false, 0, 0);
  config.grease(true);
  return config;
}

function createTlsConfig(quiche: Quiche, tls: QuicTls): QuicheConfig {
  try {
    const certificate = new X509Certificate(tls.cert);
    if (!certificate.checkPrivateKey(createPrivateKey(tls.key)))
      throw new Error("They do not belong together.");
    const [key, cert] = [tls.key, tls.cert].map((pem) => Buffer.from(pem as string));
    return quiche.Config.withBoringSslCtx(false, false, null, [key], [cert], null);
  } catch (cause) {
    throw tlsFilesError(cause);
  }
}
