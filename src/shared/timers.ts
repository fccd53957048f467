/** The longest that `setTimeout` waits, in milliseconds: it holds 31 bits, and a longer time goes off at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
