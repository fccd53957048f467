import { expect } from "chai";
import {
  verifyTranscript,
  type SideReport,
  type TranscriptFailure,
} from "../../../../src/transport/aitcp/turn/index.js";
import { readVectors } from "../../../helpers/vectors.js";
import { sha256, verifyEd25519 } from "./ed25519.js";

interface Case {
  readonly name: string;
  readonly transcript: string;
  readonly signedTexts?: readonly string[];
  readonly state: string;
  readonly failure?: Partial<TranscriptFailure>;
  readonly initiator: SideReport;
  readonly responder: SideReport;
  readonly sha256: readonly string[];
}

describe("aitcp transcripts, vectors", () => {
  for (const vector of readVectors<Case>("aitcp/transcripts.json")) {
    it(vector.name, async () => {
      const texts: string[] = [];
      const digests: string[] = [];
      const report = await verifyTranscript([Buffer.from(vector.transcript, "hex")], {
        verify(identity, bytes, signature) {
          texts.push(Buffer.from(bytes).toString("hex"));
          return verifyEd25519(identity, bytes, signature);
        },
        createHash: sha256,
        onMessage: (message) => void digests.push(Buffer.from(message.sha256).toString("hex")),
      });
      expect(report.state).to.equal(vector.state);
      expect(report.sides).to.deep.equal({ initiator: vector.initiator, responder: vector.responder });
      expect(digests).to.deep.equal(vector.sha256);
      if (vector.signedTexts) expect(texts).to.deep.equal(vector.signedTexts);
      if (vector.failure) expect(report.failure).to.include(vector.failure);
      else expect(report.failure).to.equal(undefined);
    });
  }
});
