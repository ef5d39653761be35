/** Owns reading JSON that comes from outside. */

/** What a JSON text stands for; undefined where it is none, which no schema of ours accepts. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
