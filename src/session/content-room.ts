/** Where what DATA is opened to has its room, if several sessions share that. */
export interface ContentRoom {
  /**
   * Takes up what `open` gives, which is told how many bytes it may be.
   * @param maxBytes most that it may be where there is room for it
   * @throws if there is no room for it now: then the session has not taken the message
   */
  unpack<Opened extends { readonly bytes: Uint8Array }>(
    maxBytes: number,
    open: (maxOutputBytes: number) => Opened,
  ): Opened;
}
