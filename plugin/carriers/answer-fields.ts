/**
 * Owns the fields that the answers of every carrier's REST interface are made of. What is missing or null is
 * undefined.
 */
import { z } from "zod";

/** Needed. A number says the same as a string. */
export const id = z.union([z.string().min(1), z.number().transform(String)]);

/** Optional. Anything but a string or nothing makes the answer unreadable. */
export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);

/** Optional; a string of digits is a number too, and what is no number counts as absent. */
export const count = z.coerce
  .number()
  .nullish()
  .catch(undefined)
  .transform((value) => value ?? undefined);

/** Optional; another word than these two counts as absent. */
export const direction = z
  .enum(["inbound", "outbound"])
  .nullish()
  .catch(undefined)
  .transform((value) => value ?? undefined);
