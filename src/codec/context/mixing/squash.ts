/** Steps of the logistic domain: 256 to one nat. Values go from -2047 to 2047. */
export const MAX_STRETCH = 2047;

/** Both directions of the logistic function, shipped as tables: a platform's own exp and log differ in their last bits. */
export interface LogisticTables {
  /** ln(p / (1 - p)) of a probability in 4096ths. */
  readonly stretch: Int16Array;
  /** Probability in 65536ths of a stretched value + 2048. */
  readonly squash: Uint16Array;
}
