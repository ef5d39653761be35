/** Owns the one place the running package's version comes from. */
import manifest from "../openclaw.plugin.json" with { type: "json" };

/** Semantic version of this package. */
export function packageVersion(): string {
  return manifest.version;
}
