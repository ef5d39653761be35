/**
 * Owns the fields that the answers of every carrier's REST interface are made of. What is missing or null is
 * undefined. Written with the small build of zod, so that scripts start fast; they fit into schemas of the full one.
 */
import * as z from "zod/mini";

const orUndefined = <Value>() => z.transform((value: Value | null | undefined) => value ?? undefined);

/** Needed. A number says the same as a string. */
export const id = z.union([z.string().check(z.minLength(1)), z.pipe(z.number(), z.transform(String))]);

/** Optional. Anything but a string or nothing makes the answer unreadable. */
export const text = z.pipe(z.nullish(z.string()), orUndefined<string>());

const numeral = z.pipe(z.string().check(z.regex(/^\d+(?:\.\d+)?$/)), z.transform(Number));

/** Optional; a string of digits is a number too, and what is no number counts as absent. */
export const count = z.pipe(
  z.catch(z.nullish(z.union([z.number(), numeral])), undefined),
  orUndefined<number>(),
);

/** Optional; another word than these two counts as absent. */
export const direction = z.pipe(
  z.catch(z.nullish(z.enum(["inbound", "outbound"])), undefined),
  orUndefined<"inbound" | "outbound">(),
);
