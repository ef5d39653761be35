import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { securityFindings, whyNotAudited } from "../../plugin/trust/audit.ts";

const KEY = "cc_live_0123456789abcdef";
const CLAWCALL_KEY = "11111111-2222-4333-8444-555555555555";
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "switchboard-audit-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

type Section = Readonly<Record<string, unknown>>;

/** The findings on a gateway with this config, its keys in `.env` as SETUP.md says. */
function audit(
  given: { entry?: Section; phone?: Section; rest?: Section; env?: string } = {},
): ReturnType<typeof securityFindings> {
  const config = {
    channels: { phone: { enabled: true, ...given.phone } },
    plugins: { entries: { switchboard: { enabled: true, config: given.entry ?? {} } } },
    ...given.rest,
  };
  const configFile = path.join(folder, "openclaw.json");
  writeFileSync(configFile, JSON.stringify(config));
  const env = given.env ?? `CLAWDTALK_API_KEY=${KEY}\nCLAWCALL_API_KEY=${CLAWCALL_KEY}\n`;
  writeFileSync(path.join(folder, ".env"), env, { mode: 0o600 });
  const findings = securityFindings({
    config,
    env: { HOME: folder, USERPROFILE: folder },
    stateFolder: folder,
    configFile,
  });
  const said = JSON.stringify(findings);
  for (const secret of [KEY, CLAWCALL_KEY, "robin@"]) expect(said).not.toContain(secret);
  return findings;
}

const found = (...given: Parameters<typeof audit>) =>
  audit(...given).map(({ checkId, severity }) => `${severity} ${checkId}`);

test("nothing is found where the phone is set up as told, or not at all", () => {
  expect(found()).toEqual([]);
  expect(found({ env: "" })).toEqual([]);
  expect(
    found({
      entry: {
        // biome-ignore lint/suspicious/noTemplateCurlyInString: as a user writes it
        apiKey: "${CLAWDTALK_API_KEY}",
        gatewayToken: { source: "env", provider: "default", id: "TOKEN" },
        ownerNumbers: ["+15550001111"],
        guestTools: ["weather"],
        toolRules: { exec: "ask", write: "deny", "exec:git status": "allow", weather: "allow" },
        lines: { work: { apiKey: "$WORK_KEY" }, clawcall: { bridge: false, bridgeHost: "0.0.0.0" } },
      },
      phone: { dmPolicy: "allowlist", allowFrom: ["+15550002222"] },
    }),
  ).toEqual([]);
});

test.each<[string, Section]>([
  ["by its policy", { dmPolicy: "open", allowFrom: ["*"] }],
  ["by its list", { allowFrom: ["*"] }],
  ["by the list, under a closed policy", { dmPolicy: "allowlist", allowFrom: ["+15550002222", "*"] }],
  ["on one line", { accounts: { clawdtalk: { dmPolicy: "open", allowFrom: ["*"] } } }],
])("texts from everybody, %s", (_how, phone) => {
  expect(found({ phone })).toEqual(["warn switchboard.texts.open"]);
  expect(found({ phone, entry: { guestTools: ["weather"] } })).toEqual(["critical switchboard.texts.open"]);
  // Nobody can text a ClawCall line, and nobody a line that is off.
  expect(found({ phone, env: `CLAWCALL_API_KEY=${CLAWCALL_KEY}\n` })).toEqual([]);
  expect(found({ phone, entry: { lines: { clawdtalk: { enabled: false } } } })).toEqual([]);
});

test("a line of its own may be closed, and a closed one is closed to everybody", () => {
  expect(
    found({
      phone: {
        dmPolicy: "open",
        allowFrom: ["*"],
        accounts: { clawdtalk: { dmPolicy: "pairing", allowFrom: [] } },
      },
    }),
  ).toEqual([]);
  expect(found({ phone: { dmPolicy: "disabled", allowFrom: ["*"] } })).toEqual([]);
  // The gateway then answers those on the list, and nobody else.
  expect(found({ phone: { dmPolicy: "open", allowFrom: ["+15550002222"] } })).toEqual([]);
});

test.each(["exec", "*", "gateway:*"])("the rule %s runs everything unasked", (key) => {
  const [finding, ...others] = audit({ entry: { toolRules: { [key]: "allow", read: "allow" } } });
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ checkId: "switchboard.tools.unasked", severity: "warn" });
  expect(finding?.detail).toContain(`"${key}"`);
  expect(finding?.detail).not.toContain('"read"');
});

test("keys in the gateway's config, each named by its place", () => {
  const findings = audit({
    entry: {
      apiKey: KEY,
      gateway_token: "a-token",
      lines: {
        work: { api_key: `${KEY}-work` },
        clawcall: { apiKey: CLAWCALL_KEY, email: "robin@clawcall.app" },
      },
    },
    rest: { env: { CLAWDTALK_API_KEY: KEY, vars: { STEPONEAI_API_KEY: "sk_0123456789", OTHER: "value" } } },
  });
  expect(findings).toMatchObject([{ checkId: "switchboard.keys.plain_text", severity: "warn" }]);
  const entry = "plugins.entries.switchboard.config";
  for (const place of [
    `${entry}.apiKey`,
    `${entry}.gateway_token`,
    `${entry}.lines.work.api_key`,
    `${entry}.lines.clawcall.apiKey`,
    `${entry}.lines.clawcall.email`,
    "env.CLAWDTALK_API_KEY",
    "env.vars.STEPONEAI_API_KEY",
  ]) {
    expect(findings[0]?.detail).toContain(place);
  }
  expect(findings[0]?.detail).not.toContain("OTHER");
  expect(findings[0]?.detail).toContain(path.join(folder, "openclaw.json"));
});

test("a key in the state folder's skill-config.json", () => {
  mkdirSync(path.join(folder, "switchboard"));
  const file = path.join(folder, "switchboard", "skill-config.json");
  writeFileSync(file, JSON.stringify({ api_key: KEY }));
  const findings = audit();
  expect(findings).toMatchObject([{ checkId: "switchboard.keys.plain_text" }]);
  expect(findings[0]?.detail).toContain(`${file} holds in plain text: api_key.`);
});

test.skipIf(process.platform === "win32")("a .env that others can read, when a key is in it", () => {
  audit();
  chmodSync(path.join(folder, ".env"), 0o644);
  expect(found()).toEqual(["warn switchboard.keys.readable"]);
  expect(found({ env: "OTHER=value\n" })).toEqual([]);
});

test("a bridge that is on, and one that was to be open to other machines", () => {
  expect(found({ entry: { lines: { clawcall: { bridge: true } } } })).toEqual([
    "warn switchboard.bridge.open",
  ]);
  const wider = ["critical switchboard.bridge.open"];
  expect(found({ entry: { lines: { clawcall: { bridge: true, bridgeHost: "0.0.0.0" } } } })).toEqual(wider);
  const env = `CLAWCALL_API_KEY=${CLAWCALL_KEY}\nCLAWCALL_AGENT_HOST=0.0.0.0\n`;
  expect(found({ entry: { lines: { clawcall: { bridge: true } } }, env })).toEqual(wider);
  expect(found({ entry: { lines: { clawcall: { bridge: true, enabled: false } } } })).toEqual([]);
});

test("where the gateway's audit does not look at the phone, that is said", () => {
  const blind = /^openclaw security audit passes over the phone.* channels\.phone\.enabled true$/;
  expect(whyNotAudited({})).toMatch(blind);
  expect(whyNotAudited({ channels: { phone: {} } })).toMatch(blind);
  expect(whyNotAudited({ channels: { phone: { enabled: false } } })).toMatch(blind);
  for (const phone of [{ enabled: true }, { dmPolicy: "pairing" }]) {
    expect(whyNotAudited({ channels: { phone } })).toBeUndefined();
  }
});
