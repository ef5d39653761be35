import { afterEach, beforeEach, expect, test } from "vitest";
import { PhoneRunner } from "./run-phone.ts";
import { RunningGateway } from "./running-gateway.ts";

let gateway: RunningGateway;
let runner: PhoneRunner;

beforeEach(async () => {
  gateway = await RunningGateway.start();
  runner = new PhoneRunner();
  runner.env = {
    HOME: runner.stateFolder,
    OPENCLAW_GATEWAY_URL: gateway.url,
    CLAWDTALK_API_KEY: "cc_live_0123456789abcdef",
    CLAWCALL_API_KEY: "11111111-2222-4333-8444-555555555555",
    STEPONEAI_API_KEY: "sk_0123456789",
  };
});
afterEach(async () => {
  await gateway.close();
  runner.remove();
});

function configure(settings: object, phone: object = {}, entry: object = { enabled: true }): void {
  runner.write(
    "openclaw.json",
    JSON.stringify({
      channels: { phone },
      plugins: {
        entries: { switchboard: { ...entry, config: { ownerNumbers: ["+15550001111"], ...settings } } },
      },
    }),
  );
}

async function table(...args: readonly string[]) {
  const { code, stdout } = await runner.run("trust", "--json", ...args);
  expect(code).toBe(0);
  const { lines, ...rest } = JSON.parse(stdout);
  const tiers = Object.fromEntries(
    lines.map((line: { line: string; speakers: { way: string; tier: string }[] }) => [
      line.line,
      Object.fromEntries(line.speakers.map(({ way, tier }) => [way, tier])),
    ]),
  );
  return { ...rest, tiers, lines };
}

test("each line, as its settings and the channel's make it", async () => {
  configure(
    { lines: { clawcall: { inboundCallers: "unknown" } } },
    { dmPolicy: "allowlist", accounts: { clawdtalk: { dmPolicy: "open", allowFrom: ["*"] } } },
  );
  const { tiers, ...said } = await table();
  expect(said).toMatchObject({ ok: true, by: "gateway", isRunning: true });
  expect(tiers).toMatchObject({
    clawdtalk: { calledOwner: "owner", callsIn: "owner", ownersText: "owner", otherText: "guest" },
    clawcall: { calledOwner: "owner", callsIn: "unknown", anyOther: "unknown" },
    stepone: { calledOther: "stranger" },
  });
  const { code, stdout, stderr } = await runner.run("trust");
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^clawdtalk \(clawdtalk, inboundCallers owner, texts open\)$/m);
  expect(stdout).toMatch(
    /^ {2}owner: a call that comes in \(pin \(vendor's word\): a PIN that ClawdTalk says it asks for; nothing it sends shows it\)\.$/m,
  );
  expect(stdout).toMatch(/^ {2}stranger: the other end of a call to somebody else \(known by nothing\)\.$/m);
  expect(stdout).toMatch(/^clawcall \(clawcall, inboundCallers unknown\)$/m);
  expect(stdout).toMatch(/^ {2}Mind: .*ClawdTalk's word alone/m);
  expect(stdout).toMatch(/^stepone \(stepone\)$/m);
});

test("one line, and one that is not there", async () => {
  configure({});
  expect(Object.keys((await table("--line", "clawcall")).tiers)).toEqual(["clawcall"]);
  expect(await runner.run("trust", "--line", "nowhere")).toMatchObject({
    code: 2,
    stderr: 'There is no line "nowhere": see "phone lines".\n',
  });
});

test("what is running counts, else what is configured", async () => {
  configure({});
  gateway.health = { switchboard: true, speaksToOthers: false };
  expect((await table()).tiers.clawdtalk).toMatchObject({ ownersText: "owner", knownText: "unknown" });
  await gateway.close();
  expect(await table()).toMatchObject({ by: "gateway", isRunning: false });
  expect((await table()).tiers.clawdtalk.knownText).toBe("unknown");
  configure({}, {}, { hooks: { allowConversationAccess: true } });
  expect((await table()).tiers.clawdtalk.knownText).toBe("guest");
  expect((await runner.run("trust")).stdout).toMatch(/^The gateway does not answer/);
});

test("a skill-only install, by the skill's own settings", async () => {
  await gateway.close();
  runner.write("openclaw.json", "{}");
  runner.write("switchboard/skill-config.json", JSON.stringify({ ownerNumbers: ["+15550001111"] }));
  const { tiers, ...said } = await table();
  expect(said).toMatchObject({ by: "connector", isRunning: false });
  expect(tiers.clawdtalk).toMatchObject({ callsIn: "owner", knownText: "unknown", calledOther: "unknown" });
  const { stdout } = await runner.run("trust");
  expect(stdout).toMatch(/^Nothing is running/);
  expect(stdout).toMatch(/^ {2}Mind: Without the plugin in the gateway nothing of Switchboard's asks you/m);
});

test("a slip of the pen is said, and believed by nobody", async () => {
  configure({ inboundCallers: "onwer", lines: { clawcall: { inboundCallers: true } } });
  const { tiers } = await table();
  expect([tiers.clawdtalk.callsIn, tiers.clawcall.callsIn]).toEqual(["unknown", "unknown"]);
  const { stderr } = await runner.run("trust");
  expect(stderr).toMatch(/"inboundCallers" in .* is wrong and counts as "unknown"/);
  expect(stderr).toMatch(/"lines\.clawcall\.inboundCallers" in .* is wrong and counts as "unknown"/);
});

test("no line at all", async () => {
  runner.env = { HOME: runner.stateFolder, OPENCLAW_GATEWAY_URL: gateway.url };
  expect(await runner.run("trust")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^No phone line is set up/),
  });
});
