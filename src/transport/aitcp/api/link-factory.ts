import { RecordLink, type PacketPipe } from "../connection/index.js";
import type { AiTcpCrypto } from "../crypto/index.js";
import { RecordWriter } from "../frames/index.js";
import type { Established } from "../handshake/index.js";
import type { Identity } from "../identity/index.js";
import { MAX_RECORD_BYTES } from "../packet/index.js";
import { TurnSigner, TurnVerifier, type TranscriptSink } from "../turn/index.js";
