/** Owns the checks of what everything else runs on: Node, the gateway's version, the clock. */
import { GatewayCliMissing } from "../../briefings/gateway-cli.ts";
import { type Check, type Finding, ok, problem, warning } from "../check.ts";
import type { Examination } from "../examination.ts";
import { isOlder, oldestGateway, oldestNode, testedGateway, testedNode } from "../tested-with.ts";

const node: Check = {
  id: "node",
  group: "This machine",
  looksAt: "the version of Node that this runs on",
  why: "Older versions lack what the phone's store and scripts are written with.",
  mend: "install Node from https://nodejs.org",
  async look({ machine: { nodeVersion } }) {
    const tested = `tested with ${testedNode}`;
    if (isOlder(nodeVersion, oldestNode)) {
      return problem(
        `This is Node ${nodeVersion}; ${oldestNode} or newer is needed (${tested}).`,
        `install Node ${testedNode} from https://nodejs.org`,
      );
    }
    return ok(`Node ${nodeVersion} (${tested}).`);
  },
};

const gatewayVersion: Check = {
  id: "gateway-version",
  group: "This machine",
  looksAt: "the gateway's command `openclaw`, its version, and that of the gateway that runs",
  why: "The gateway's plugin interface changes from version to version, and briefings are made with its command.",
  mend: "`openclaw update`; `openclaw gateway restart` when another version runs than is installed",
  async look(examination) {
    const findings: Finding[] = [];
    const installed = findCommand(examination, findings);
    const running = (await examination.phone()).status?.gatewayVersion;
    if (installed !== undefined && running !== undefined && installed !== running) {
      findings.push(
        ...warning(
          `The gateway that runs is OpenClaw ${running}, the one that is installed ${installed}.`,
          "openclaw gateway restart",
        ),
      );
    }
    const version = running ?? installed;
    if (version === undefined) return findings;
    const tested = `tested with ${testedGateway}`;
    if (isOlder(version, oldestGateway)) {
      findings.push(
        ...problem(
          `OpenClaw ${version} is older than the plugin needs (${oldestGateway}; ${tested}).`,
          "openclaw update",
        ),
      );
    } else {
      const isTested = version === testedGateway;
      findings.push(
        ...ok(
          `OpenClaw ${version} (${isTested ? tested : `newer than what this was tested with: ${testedGateway}`}).`,
        ),
      );
    }
    return findings;
  },
};

function findCommand(examination: Examination, findings: Finding[]): string | undefined {
  try {
    return examination.cliVersion();
  } catch (error) {
    if (!(error instanceof GatewayCliMissing)) throw error;
    findings.push(
      ...warning(
        'The gateway\'s command "openclaw" is not on the PATH: briefings cannot be scheduled, and not everything could be looked at.',
        "name its file in SWITCHBOARD_OPENCLAW, or: npm install --global openclaw",
      ),
    );
    return undefined;
  }
}

/** Seconds may be lost on the way. */
const CLOCK_WARNING_MS = 30_000;
const CLOCK_PROBLEM_MS = 5 * 60_000;

const SET_CLOCK: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: "sudo timedatectl set-ntp true",
  darwin: "sudo sntp -sS time.apple.com",
  win32: "w32tm /resync",
};

const clock: Check = {
  id: "clock",
  group: "This machine",
  looksAt: "this machine's clock, held against the phone services' answers",
  why: "Planned calls, quiet hours and the time an approval is good for go by it.",
  mend: "`sudo timedatectl set-ntp true` (Linux), `sudo sntp -sS time.apple.com` (macOS), `w32tm /resync` (Windows)",
  async look(examination) {
    const ahead = await examination.clockAhead();
    // A single service may be wrong itself: the one that is nearest counts.
    const nearest = ahead.reduce<number | undefined>(
      (best, one) => (best === undefined || Math.abs(one) < Math.abs(best) ? one : best),
      undefined,
    );
    if (nearest === undefined) return [];
    const seconds = Math.round(Math.abs(nearest) / 1_000);
    if (Math.abs(nearest) < CLOCK_WARNING_MS) return ok("The clock agrees with the phone services'.");
    const say = Math.abs(nearest) < CLOCK_PROBLEM_MS ? warning : problem;
    return say(
      `The clock is ${seconds} s ${nearest > 0 ? "ahead of" : "behind"} the phone services'.`,
      SET_CLOCK[examination.machine.platform] ?? "set the clock",
    );
  },
};

export const machineChecks: readonly Check[] = [node, gatewayVersion, clock];
