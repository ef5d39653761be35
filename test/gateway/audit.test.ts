/**
 * What `openclaw security audit` finds of ours: nothing as set up by default, else what is wrong. The real command line on
 * folders of its own; no gateway has to run for it.
 */
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { PRACTICE_CLAWCALL_KEY } from "../../plugin/practice/clawcall-server.ts";
import { PRACTICE_API_KEY } from "../../plugin/practice/clawdtalk-server.ts";
import { prepareGatewayFolder } from "../../plugin/practice/gateway.ts";
import { packageFolder } from "./phone-line.ts";

interface Setup {
  /** More of `channels.phone`. */
  readonly phone?: object;
  readonly settings?: Record<string, unknown>;
  /** Lines of `.env`. */
  readonly env?: Record<string, string>;
  /** Of `.env`. */
  readonly mode?: number;
  readonly isDeep?: boolean;
}

interface Finding {
  readonly checkId: string;
  readonly severity: string;
  readonly detail: string;
}

const KEYS = { CLAWDTALK_API_KEY: PRACTICE_API_KEY, CLAWCALL_API_KEY: PRACTICE_CLAWCALL_KEY };

/** Findings that name us, whoever makes them. */
async function audit({ phone, settings, env = KEYS, mode = 0o600, isDeep }: Setup): Promise<Finding[]> {
  const folder = await prepareGatewayFolder({
    pluginFolder: packageFolder,
    // Nobody listens there; nothing asks.
    modelUrl: "http://127.0.0.1:9/v1",
    environment: env,
    pluginConfig: { ownerNumbers: ["+15550001111"], ownerName: "Sam", agentName: "Robin", ...settings },
    config: { channels: { phone: { enabled: true, ...phone } } },
  });
  try {
    await chmod(join(folder.stateDir, ".env"), mode);
    const { exitCode, stdout, stderr } = await folder.openclaw([
      ...["security", "audit", "--json"],
      ...(isDeep ? ["--deep"] : []),
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
    // The audit has run.
    expect(findings.map(({ checkId }) => checkId)).toContain("summary.attack_surface");
    for (const key of [PRACTICE_API_KEY, PRACTICE_CLAWCALL_KEY]) expect(stdout).not.toContain(key);
    return findings.filter((finding) =>
      /switchboard|phone|clawdtalk|clawcall/i.test(JSON.stringify(finding)),
    );
  } finally {
    await folder.remove();
  }
}

const found = async (setup: Setup) =>
  (await audit(setup)).map(({ severity, checkId }) => `${severity} ${checkId}`);

it("finds nothing where the phone is set up by default, but by its deep look that programs are started, which references/trust.md explains", async () => {
  // The deep look finds all that the other one does, and more.
  const [finding, ...others] = await audit({ isDeep: true });
  expect(others).toEqual([]);
  expect(finding?.checkId).toBe("skills.code_safety");
  const rules = finding?.detail.split("\n").filter((line) => line.startsWith("  - ")) ?? [];
  expect(rules.length).toBeGreaterThan(0);
  for (const rule of rules) expect(rule).toMatch(/^ {2}- \[dangerous-exec\] .*\(dist\/scripts\//);
});

it("finds plain and readable keys, an open bridge and unasked tools", async () => {
  const setup = {
    settings: {
      apiKey: PRACTICE_API_KEY,
      lines: { clawcall: { bridge: true } },
      toolRules: { exec: "allow" },
    },
    mode: 0o644,
  } as const;
  expect(await found(setup)).toEqual([
    "warn switchboard.tools.unasked",
    "warn switchboard.keys.plain_text",
    "warn switchboard.keys.readable",
    "warn switchboard.bridge.open",
  ]);
});

it("finds open policies, also where the only key is a reference", async () => {
  const setup = {
    phone: { dmPolicy: "open", allowFrom: ["*"] },
    settings: {
      apiKey: { source: "env", provider: "default", id: "SOMEBODYS_KEY" },
      guestTools: ["weather"],
      inboundCallers: "owner",
    },
    env: { SOMEBODYS_KEY: PRACTICE_API_KEY },
  } as const;
  expect(await found(setup)).toEqual(expect.arrayContaining(["critical switchboard.texts.open"]));
});
