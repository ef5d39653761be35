/** Owns the error of a store that cannot be used. */

/** The message is for people: what is wrong and what to do. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}
