import { M2MError } from "../../src/shared/errors.js";

/** The taxonomy error that `run` throws; fails if it throws none or another one. */
export function catchM2MError(run: () => unknown): M2MError {
  try {
    run();
  } catch (error) {
    if (error instanceof M2MError) return error;
    throw error;
  }
  throw new Error("Expected an M2MError, but nothing was thrown.");
}

/** The taxonomy error that `promise` is rejected with; fails if it is fulfilled, or rejected with another one. */
export async function rejection(promise: Promise<unknown>): Promise<M2MError> {
  try {
    await promise;
  } catch (error) {
    return catchM2MError(() => {
      throw error;
    });
  }
  throw new Error("Expected an M2MError, but nothing was thrown.");
}
