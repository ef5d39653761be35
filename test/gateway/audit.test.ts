/** What `openclaw security audit` of a real gateway finds of ours: nothing as set up by default, else what is wrong. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startClawCallPractice } from "../../plugin/practice/clawcall-server.ts";
import { type PhoneLine, startPhoneLine } from "./phone-line.ts";

let line: PhoneLine;
let clawcall: Awaited<ReturnType<typeof startClawCallPractice>>;

beforeAll(async () => {
  clawcall = await startClawCallPractice({});
  line = await startPhoneLine({ clawcallBaseUrl: clawcall.url });
});
afterAll(async () => {
  await line?.close();
  await clawcall?.close();
});

interface Finding {
  readonly checkId: string;
  readonly severity: string;
  readonly detail: string;
}

/** Findings that name us, whoever makes them. */
async function audit(): Promise<Finding[]> {
  const { exitCode, stdout, stderr } = await line.gateway.openclaw(["security", "audit", "--json"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
  // The audit has run.
  expect(findings.map(({ checkId }) => checkId)).toContain("summary.attack_surface");
  return findings.filter((finding) => /switchboard|phone|clawdtalk|clawcall/i.test(JSON.stringify(finding)));
}

type Changes = { readonly channels: object; readonly settings: object };

async function configure({ channels, settings }: Changes): Promise<void> {
  const file = join(line.gateway.stateDir, "openclaw.json");
  const config = JSON.parse(await readFile(file, "utf8"));
  const entry = config.plugins.entries.switchboard;
  entry.config = { ...entry.config, ...settings };
  await writeFile(file, JSON.stringify({ ...config, channels }), { mode: 0o600 });
}

it("finds nothing on a gateway whose phone is set up by default", async () => {
  expect(await audit()).toEqual([]);
});

it("finds plain keys and an open bridge, also where the config says nothing of the channel", async () => {
  await configure({
    channels: {},
    settings: { apiKey: line.server.key, lines: { clawcall: { bridge: true } } },
  });
  const findings = await audit();
  expect(findings.map(({ severity, checkId }) => `${severity} ${checkId}`)).toEqual([
    "warn switchboard.keys.plain_text",
    "warn switchboard.bridge.open",
  ]);
  expect(JSON.stringify(findings)).not.toContain(line.server.key);
});

it("finds open policies", async () => {
  await configure({
    channels: { phone: { enabled: true, dmPolicy: "open", allowFrom: ["*"] } },
    settings: { toolRules: { exec: "allow" }, guestTools: ["weather"] },
  });
  const found = (await audit()).map(({ severity, checkId }) => `${severity} ${checkId}`);
  expect(found).toEqual(
    expect.arrayContaining(["critical switchboard.texts.open", "warn switchboard.tools.unasked"]),
  );
});
