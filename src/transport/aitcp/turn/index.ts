export type SignatureMode = "none" | "turn" | "packet";
export class TurnSigner {
  add() {}
  isDue() {
    return false;
  }
  get dueMs(): number | undefined {
    return undefined;
  }
  end(): any {}
  ask() {}
}
export class TurnVerifier {
  add() {}
  end() {}
}
export type TranscriptSink = unknown;
