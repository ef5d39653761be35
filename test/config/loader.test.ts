import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import JSON5 from "json5";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type LoadedConfig, loadConfig } from "../../plugin/config/loader.ts";

const packageFolder = path.resolve(import.meta.dirname, "../..");
const KEY = "cc_live_0123456789abcdef";
/** What every line has when nothing is said. */
const DAILY_LIMITS = { callsPerDay: 50, textsPerDay: 200, minutesPerDay: 240 };

let folder: string;
let configFile: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "switchboard-config-"));
  configFile = path.join(folder, "openclaw.json");
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content: unknown, mode = 0o600): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, typeof content === "string" ? content : JSON5.stringify(content), { mode });
  return file;
}

function entry(config: unknown, rest: object = {}): void {
  write("openclaw.json", { plugins: { entries: { switchboard: { enabled: true, config } } }, ...rest });
}

function load(env: Record<string, string> = {}, pluginEntryConfig?: unknown): LoadedConfig {
  return loadConfig({
    // Whoever runs the tests may have a StepOne key in their home folder.
    env: { HOME: folder, USERPROFILE: folder, ...env },
    stateFolder: folder,
    configFile,
    packageFolder,
    ...(pluginEntryConfig === undefined ? {} : { pluginEntryConfig }),
  });
}

test("nothing configured: no line, no problem", () => {
  expect(load()).toEqual({
    config: {
      ownerNumbers: [],
      allowPremiumNumbers: false,
      limits: { callsPerNumberPerDay: 5, cooldownMinutes: 10 },
      hours: {
        timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        quietHours: { fromMinute: 1320, toMinute: 420 },
        callingHours: { fromMinute: 540, toMinute: 1020 },
        numberTimezones: {},
      },
      retentionDays: 365,
      guestTools: [],
      toolRules: {},
      approvals: { voice: false, timeoutSeconds: 300 },
      lines: [],
    },
    problems: [],
  });
});

test("a key in the environment makes the line", () => {
  const { config, problems } = load({ CLAWDTALK_API_KEY: KEY });
  expect(problems).toEqual([]);
  expect(config.lines).toEqual([
    {
      name: "clawdtalk",
      carrier: "clawdtalk",
      enabled: true,
      apiKey: KEY,
      server: "https://clawdtalk.com",
      apiUrl: "https://clawdtalk.com/v1",
      speech: "sentences",
      progressAfterMs: 4000,
      turnTimeoutMs: 120000,
      inboundCallers: "owner",
      ...DAILY_LIMITS,
    },
  ]);
});

test("the first place that says something counts, key by key", () => {
  const seen: string[] = [];
  const server = (env: Record<string, string> = {}) => {
    const { config, problems } = load({ CLAWDTALK_API_KEY: KEY, ...env });
    expect(problems).toEqual([]);
    seen.push(`${config.lines[0]?.server} ${config.ownerName ?? "-"}`);
  };
  server();
  write("switchboard/skill-config.json", { server: "https://user.example", owner_name: "Ada" });
  server();
  entry(
    { server: "https://entry.example" },
    { env: { vars: { CLAWDTALK_SERVER: "https://block.example" } } },
  );
  server();
  write(".env", "CLAWDTALK_SERVER=https://dotenv.example\n");
  server();
  server({ CLAWDTALK_SERVER: "https://process.example" });
  expect(seen).toEqual([
    "https://clawdtalk.com -",
    "https://user.example Ada",
    "https://block.example Ada",
    "https://dotenv.example Ada",
    "https://process.example Ada",
  ]);
  write(".env", "");
  entry({ server: "https://entry.example/" });
  server();
  expect(seen.at(-1)).toBe("https://entry.example Ada");
});

test("a key in the state folder's .env is found by a process that has no variables", () => {
  write(".env", `# comment\nCLAWDTALK_API_KEY="${KEY}"\n`);
  expect(load().config.lines[0]?.apiKey).toBe(KEY);
});

test("the entry the plugin was given comes instead of the one in the file", () => {
  entry({ apiKey: "cc_live_file" });
  expect(load({}, { apiKey: KEY }).config.lines[0]?.apiKey).toBe(KEY);
});

test("the names of the first skill's config file work in every place", () => {
  const old = {
    api_key: KEY,
    server: "https://a.example",
    owner_name: "王芳",
    agent_name: "小助手",
    greeting: "喂，您好！",
    gateway_url: "http://127.0.0.1:1234/",
    gateway_token: "gateway-secret",
    agent_id: "phone",
  };
  const expected = {
    ownerName: "王芳",
    agentName: "小助手",
    greeting: "喂，您好！",
    gatewayUrl: "http://127.0.0.1:1234",
    gatewayToken: "gateway-secret",
    agentId: "phone",
  };
  write("switchboard/skill-config.json", old);
  expect(load().config).toMatchObject(expected);
  rmSync(path.join(folder, "switchboard"), { recursive: true });
  expect(load({}, old).config).toMatchObject(expected);
  expect(load({}, old).config.lines[0]).toMatchObject({
    apiKey: KEY,
    greeting: "喂，您好！",
    agentId: "phone",
  });
});

test("further lines take from the top level what is not the account's", () => {
  const { config, problems } = load(
    {},
    {
      apiKey: KEY,
      server: "https://a.example",
      greeting: "Hello",
      agentId: "main",
      speech: "first",
      inboundCallers: "unknown",
      lines: {
        work: { apiKey: "cc_live_work", agentId: "office", language: "zh-CN" },
        spare: { carrier: "clawdtalk", api_key: "cc_live_spare", enabled: false, inboundCallers: "owner" },
      },
    },
  );
  expect(problems).toEqual([]);
  expect(config.lines.map(({ name }) => name)).toEqual(["clawdtalk", "work", "spare"]);
  expect(config.lines[1]).toEqual({
    name: "work",
    carrier: "clawdtalk",
    enabled: true,
    apiKey: "cc_live_work",
    server: "https://clawdtalk.com",
    apiUrl: "https://clawdtalk.com/v1",
    greeting: "Hello",
    agentId: "office",
    language: "zh-CN",
    speech: "first",
    progressAfterMs: 4000,
    turnTimeoutMs: 120000,
    inboundCallers: "unknown",
    ...DAILY_LIMITS,
  });
  expect(config.lines[2]).toMatchObject({ apiKey: "cc_live_spare", enabled: false, inboundCallers: "owner" });
});

test("the environment's key is the implicit line's alone, and one account is one line", () => {
  const env = { CLAWDTALK_API_KEY: KEY, CLAWDTALK_SERVER: "https://a.example" };
  const lines = (config: unknown) => load(env, config).config.lines.map(({ name, server }) => [name, server]);
  expect(lines({ lines: { work: { apiKey: "cc_live_work" } } })).toEqual([
    ["clawdtalk", "https://a.example"],
    ["work", "https://clawdtalk.com"],
  ]);
  const named = { server: "https://a.example", apiKey: `\${CLAWDTALK_API_KEY}` };
  expect(lines({ lines: { home: named } })).toEqual([["home", "https://a.example"]]);
  expect(lines({ lines: { clawdtalk: { enabled: false } } })).toEqual([["clawdtalk", "https://a.example"]]);
  const { problems } = load({}, { lines: { one: { apiKey: KEY }, two: { apiKey: KEY } } });
  expect(problems).toEqual([
    'The lines "one" and "two" have the same key and would push each other out, so "two" is left out: remove one.',
  ]);
});

describe("StepOne lines", () => {
  const stepOneKey = "sk_0123456789abcdef";
  const stepOneLine = {
    name: "stepone",
    carrier: "stepone",
    enabled: true,
    apiKey: stepOneKey,
    server: "https://open-skill-api.steponeai.com",
    apiUrl: "https://open-skill-api.steponeai.com",
    speech: "sentences",
    progressAfterMs: 4000,
    turnTimeoutMs: 120000,
    inboundCallers: "owner",
    ...DAILY_LIMITS,
  };
  const secrets = (key: string) => JSON.stringify({ steponeai_api_key: key });

  test.each([
    ["the environment", () => ({ STEPONEAI_API_KEY: stepOneKey })],
    [
      ".env",
      () => {
        write(".env", `STEPONEAI_API_KEY=${stepOneKey}\n`);
        return {};
      },
    ],
    [
      "the vendor's file",
      () => {
        write(".clawd/secrets.json", secrets(stepOneKey));
        return {};
      },
    ],
  ])("a key in %s makes the line, after the other carriers'", (_, keep) => {
    const { config, problems } = load({ CLAWDTALK_API_KEY: KEY, CLAWCALL_API_KEY: "claw", ...keep() });
    expect(problems).toEqual([]);
    expect(config.lines.map(({ name }) => name)).toEqual(["clawdtalk", "clawcall", "stepone"]);
    expect(config.lines[2]).toEqual(stepOneLine);
  });

  test("the environment comes before the settings, they before the vendor's file", () => {
    write(".clawd/secrets.json", secrets("sk_vendor"));
    const key = (env: Record<string, string>, lines: object) => {
      const { config, problems } = load(env, { lines });
      expect(problems).toEqual([]);
      return config.lines.map(({ name, apiKey }) => [name, apiKey]);
    };
    const settings = { stepone: { apiKey: "sk_settings" } };
    expect(key({}, {})).toEqual([["stepone", "sk_vendor"]]);
    expect(key({}, { stepone: { enabled: true } })).toEqual([["stepone", "sk_vendor"]]);
    expect(key({}, settings)).toEqual([["stepone", "sk_settings"]]);
    expect(key({ STEPONEAI_API_KEY: "sk_process" }, settings)).toEqual([["stepone", "sk_process"]]);
  });

  test.skipIf(process.platform === "win32")("a key that others may read makes no line, and is told", () => {
    const file = write(".clawd/secrets.json", secrets(stepOneKey));
    chmodSync(file, 0o644);
    const { config, problems } = load({ CLAWDTALK_API_KEY: KEY });
    expect(config.lines.map(({ name }) => name)).toEqual(["clawdtalk"]);
    expect(problems).toEqual([
      `Others may read the StepOne key in ${file}: run "chmod 600 ${file}" and try again.`,
    ]);
    expect(load({ STEPONEAI_API_KEY: stepOneKey })).toMatchObject({
      problems: [],
      config: { lines: [stepOneLine] },
    });
    expect(load({}, { lines: { stepone: { enabled: true } } }).config.lines).toEqual([
      expect.not.objectContaining({ apiKey: expect.anything() }),
    ]);
  });

  test("a file of the vendor's that holds no key of theirs says nothing; one that is broken is not quoted", () => {
    write(".clawd/secrets.json", '{ "other": "sk_other" }', 0o644);
    expect(load()).toMatchObject({ problems: [], config: { lines: [] } });
    write(".clawd/secrets.json", '{ "steponeai_api_key": sk_secret');
    expect(load().problems).toEqual([
      expect.stringMatching(/secrets\.json.* cannot be read \(not valid JSON\)/),
    ]);
    expect(load().problems.join()).not.toContain("sk_secret");
  });

  test("its address comes from the variable, for the line of its name alone", () => {
    const { config, problems } = load(
      { STEPONEAI_API_KEY: stepOneKey, STEPONEAI_API_BASE: "http://127.0.0.1:8000/" },
      { server: "https://a.example", lines: { china: { carrier: "stepone", apiKey: "sk_china" } } },
    );
    expect(problems).toEqual([]);
    expect(config.lines.map(({ name, carrier, apiUrl }) => [name, carrier, apiUrl])).toEqual([
      ["stepone", "stepone", "http://127.0.0.1:8000"],
      ["china", "stepone", "https://open-skill-api.steponeai.com"],
    ]);
  });

  test("a named line with its own address, and settings that no StepOne line has", () => {
    const { config, problems } = load(
      {},
      {
        lines: {
          china: {
            carrier: "stepone",
            apiKey: stepOneKey,
            server: "https://b.example/",
            language: "zh-CN",
            email: "ada@phone.example",
          },
        },
      },
    );
    expect(problems).toEqual(['"lines.china.email" has no effect: StepOne lines have no such setting.']);
    expect(config.lines).toEqual([
      {
        ...stepOneLine,
        name: "china",
        server: "https://b.example",
        apiUrl: "https://b.example",
        language: "zh-CN",
      },
    ]);
  });

  test.each([
    [{}, ['The line "stepone" has no key: set STEPONEAI_API_KEY.']],
    [
      { STEPONEAI_API_KEY: "sk_ключ" },
      ['The key of the line "stepone" has characters that no key has: copy it again.'],
    ],
    [
      { STEPONEAI_API_KEY: stepOneKey, STEPONEAI_API_BASE: "http://phone.example" },
      [
        'The environment variable STEPONEAI_API_BASE must be an https URL, or an http URL on this machine: until it is, the line "stepone" is not used.',
      ],
    ],
  ])("without a key, or with one that must not be sent, it cannot be used: %j", (env, sentences) => {
    const { config, problems } = load(env, { lines: { stepone: {} } });
    expect(problems).toEqual(sentences);
    expect(config.lines).toHaveLength(1);
    expect(config.lines[0]).not.toHaveProperty("apiKey");
  });

  test("a named line that refers to the variable, or has the vendor's key, is meant instead", () => {
    const named = (apiKey: string) => ({ lines: { china: { carrier: "stepone", apiKey } } });
    const names = (env: Record<string, string>, apiKey: string) =>
      load(env, named(apiKey)).config.lines.map(({ name }) => name);
    expect(names({ STEPONEAI_API_KEY: stepOneKey }, `\${STEPONEAI_API_KEY}`)).toEqual(["china"]);
    write(".clawd/secrets.json", secrets(stepOneKey));
    expect(names({}, stepOneKey)).toEqual(["china"]);
  });
});

describe("numbers to call", () => {
  test.each([
    ["CN", "CN"],
    ["cn", "CN"],
    [" us ", "US"],
  ])("a default region: %j", (defaultRegion, expected) => {
    const { config, problems } = load({}, { defaultRegion });
    expect(problems).toEqual([]);
    expect(config.defaultRegion).toBe(expected);
  });

  test.each(["China", "ZZ", "+86", "zh-CN", 86, ["CN"], true])(
    "%j is no region: left out, with a sentence",
    (defaultRegion) => {
      const { config, problems } = load({}, { defaultRegion });
      expect(config).not.toHaveProperty("defaultRegion");
      expect(problems).toEqual([
        expect.stringMatching(
          /^"defaultRegion" in .* is wrong and left out: must be a country of two letters such as "US" or "CN"\.$/,
        ),
      ]);
    },
  );

  test("premium numbers are allowed by true alone", () => {
    expect(load({}, { allowPremiumNumbers: true }).config.allowPremiumNumbers).toBe(true);
    expect(load({}, { allowPremiumNumbers: false }).config.allowPremiumNumbers).toBe(false);
    for (const allowPremiumNumbers of ["true", 1, ["all"]]) {
      const { config, problems } = load({}, { allowPremiumNumbers });
      expect(config.allowPremiumNumbers).toBe(false);
      expect(problems).toEqual([
        expect.stringMatching(
          /^"allowPremiumNumbers" in .* is wrong and counts as false: must be true or false\.$/,
        ),
      ]);
    }
  });

  test("the owner's numbers are read in the default region", () => {
    const ownerNumbers = ["138 0013 8000", "+1 555 000 1111", "１３９００１３９０００", "12"];
    const { config, problems } = load(
      { CLAWCALL_OWNER_NUMBER: "13700137000" },
      { ownerNumbers, defaultRegion: "cn" },
    );
    expect(config.ownerNumbers).toEqual([
      "+8613800138000",
      "+15550001111",
      "+8613900139000",
      "+8613700137000",
    ]);
    expect(problems).toEqual([expect.stringMatching(/^"ownerNumbers" in .*: "12" is not a phone number/)]);
    expect(load({}, { ownerNumbers: ["138 0013 8000"] })).toMatchObject({
      config: { ownerNumbers: [] },
      problems: [expect.stringMatching(/"138 0013 8000" is not a phone number with its country code/)],
    });
    expect(
      load({}, { ownerNumbers: ["138 0013 8000"], defaultRegion: "nowhere" }).config.ownerNumbers,
    ).toEqual([]);
  });
});

describe("ClawCall lines", () => {
  const clawCallKey = "11111111-2222-4333-8444-555555555555";

  test("a key in the environment makes the line, beside the other carrier's", () => {
    const { config, problems } = load({ CLAWDTALK_API_KEY: KEY, CLAWCALL_API_KEY: clawCallKey });
    expect(problems).toEqual([]);
    expect(config.lines.map(({ name, carrier }) => [name, carrier])).toEqual([
      ["clawdtalk", "clawdtalk"],
      ["clawcall", "clawcall"],
    ]);
    expect(config.lines[1]).toEqual({
      name: "clawcall",
      carrier: "clawcall",
      enabled: true,
      apiKey: clawCallKey,
      server: "https://api.clawcall.online",
      apiUrl: "https://api.clawcall.online",
      speech: "sentences",
      progressAfterMs: 4000,
      turnTimeoutMs: 25000,
      inboundCallers: "owner",
      ...DAILY_LIMITS,
      listen: true,
      bridge: false,
      bridgeHost: "127.0.0.1",
      bridgePort: 4747,
    });
  });

  test("every variable of the seed counts, and none reaches another line", () => {
    const env = {
      CLAWDTALK_API_KEY: KEY,
      CLAWCALL_API_KEY: clawCallKey,
      CLAWCALL_BASE_URL: "http://127.0.0.1:8000/",
      CLAWCALL_EMAIL: "ada@phone.example",
      CLAWCALL_AGENT_URL: "http://127.0.0.1:4747",
      CLAWCALL_AGENT_HOST: "::1",
      CLAWCALL_AGENT_PORT: "4848",
      CLAWCALL_PHONE_TIMEOUT_MS: "9000",
      CLAWCALL_PHONE_MODEL: "vendor/quick",
      CLAWCALL_PHONE_MODEL_MODE: "gateway",
      CLAWCALL_OWNER_NUMBER: "+1 555 000 3333",
    };
    const { config, problems } = load(env, {
      ownerNumbers: ["+15550001111"],
      model: "vendor/slow",
      lines: { work: { carrier: "clawcall", apiKey: "work-key" } },
    });
    expect(problems).toEqual([]);
    expect(config.ownerNumbers).toEqual(["+15550001111", "+15550003333"]);
    expect(config.lines.find(({ name }) => name === "clawcall")).toMatchObject({
      server: "http://127.0.0.1:8000",
      apiUrl: "http://127.0.0.1:8000",
      email: "ada@phone.example",
      agentUrl: "http://127.0.0.1:4747",
      bridgeHost: "::1",
      bridgePort: 4848,
      turnTimeoutMs: 9000,
      model: "vendor/quick",
    });
    expect(config.lines.find(({ name }) => name === "clawdtalk")).toMatchObject({
      turnTimeoutMs: 120000,
      model: "vendor/slow",
    });
    const work = config.lines.find(({ name }) => name === "work");
    expect(work).toMatchObject({ turnTimeoutMs: 25000, bridgePort: 4747, model: "vendor/slow" });
    expect(work).not.toHaveProperty("email");
  });

  test("its settings stand below the line's name; the top-level account is never its own", () => {
    const { config, problems } = load(
      { CLAWCALL_API_KEY: clawCallKey },
      {
        apiKey: KEY,
        server: "https://a.example",
        inboundCallers: "unknown",
        lines: {
          clawcall: {
            bridge: true,
            listen: false,
            agentUrl: "https://agent.example/turns",
            agentId: "phone",
          },
        },
      },
    );
    expect(problems).toEqual([]);
    expect(config.lines[1]).toMatchObject({
      name: "clawcall",
      carrier: "clawcall",
      apiKey: clawCallKey,
      server: "https://api.clawcall.online",
      bridge: true,
      listen: false,
      agentUrl: "https://agent.example/turns",
      agentId: "phone",
      inboundCallers: "unknown",
    });
  });

  test("a named line that refers to the variable is meant instead of the implicit one", () => {
    const { config } = load(
      { CLAWCALL_API_KEY: clawCallKey },
      { lines: { home: { carrier: "clawcall", apiKey: `\${CLAWCALL_API_KEY}` } } },
    );
    expect(config.lines.map(({ name }) => name)).toEqual(["home"]);
  });

  test.each([
    [
      "CLAWCALL_AGENT_URL",
      "http://agent.example",
      /CLAWCALL_AGENT_URL must be an https URL, or an http URL on/,
    ],
    ["CLAWCALL_AGENT_URL", "http://127.0.0.1.example", /CLAWCALL_AGENT_URL must be an https URL/],
    ["CLAWCALL_AGENT_HOST", "0.0.0.0", /CLAWCALL_AGENT_HOST must be an address of this machine/],
    ["CLAWCALL_AGENT_HOST", "phone.example", /CLAWCALL_AGENT_HOST must be an address of this machine/],
    ["CLAWCALL_AGENT_PORT", "70000", /CLAWCALL_AGENT_PORT must be a whole number from 1 to 65535/],
    ["CLAWCALL_AGENT_PORT", "soon", /CLAWCALL_AGENT_PORT must be a whole number/],
    ["CLAWCALL_PHONE_TIMEOUT_MS", "1.5", /CLAWCALL_PHONE_TIMEOUT_MS must be a whole number, 1000 or more/],
    ["CLAWCALL_EMAIL", "ada", /CLAWCALL_EMAIL must be an email address/],
    ["CLAWCALL_PHONE_MODEL_MODE", "cli", /CLAWCALL_PHONE_MODEL_MODE can only be "gateway"/],
    ["CLAWCALL_OWNER_NUMBER", "555", /CLAWCALL_OWNER_NUMBER: "555" is not a phone number/],
  ])("%s=%s is left out and named", (variable, value, sentence) => {
    const plain = load({ CLAWCALL_API_KEY: clawCallKey }).config;
    const { config, problems } = load({ CLAWCALL_API_KEY: clawCallKey, [variable]: value });
    expect(problems).toEqual([expect.stringMatching(sentence)]);
    expect(config).toEqual(plain);
  });

  test.each([
    ["CLAWCALL_BASE_URL", "clawcall", "clawcall.online"],
    ["CLAWCALL_BASE_URL", "clawcall", "http://clawcall.example"],
    ["CLAWCALL_BASE_URL", "clawcall", "http://127.0.0.1.example"],
    ["CLAWCALL_BASE_URL", "clawcall", "ftp://127.0.0.1"],
    ["CLAWDTALK_SERVER", "clawdtalk", "clawdtalk.com"],
    ["CLAWDTALK_SERVER", "clawdtalk", "http://phone.example"],
    ["CLAWDTALK_API_URL", "clawdtalk", "http://phone.example/v1"],
  ])("%s of the line %s is %s: no other service gets the key", (variable, name, value) => {
    const { config, problems } = load({
      CLAWCALL_API_KEY: clawCallKey,
      CLAWDTALK_API_KEY: KEY,
      [variable]: value,
    });
    expect(problems).toEqual([
      `The environment variable ${variable} must be an https URL, or an http URL on this machine: until it is, the line "${name}" is not used.`,
    ]);
    const line = config.lines.find((candidate) => candidate.name === name);
    expect(line).toMatchObject({ enabled: false });
    expect(line).not.toHaveProperty("apiKey");
    expect(config.lines.filter(({ enabled }) => enabled)).toHaveLength(1);
  });

  test.each([
    "http://127.0.0.1:8000",
    "http://localhost:8000",
    "http://[::1]:8000",
    "https://clawcall.example",
  ])("%s is an address", (server) => {
    const { config, problems } = load({ CLAWCALL_API_KEY: clawCallKey, CLAWCALL_BASE_URL: server });
    expect(problems).toEqual([]);
    expect(config.lines).toMatchObject([{ server, apiKey: clawCallKey, enabled: true }]);
  });

  test("what a line cannot be told is named", () => {
    const { config, problems } = load(
      { CLAWDTALK_API_KEY: KEY },
      {
        lines: {
          clawdtalk: { carrier: "clawcall", bridge: true },
          work: {
            carrier: "clawcall",
            apiKey: "work-key",
            inboundCallers: "unknown",
            bridgeHost: "10.0.0.1",
          },
        },
      },
    );
    expect(config.lines.map(({ name, carrier, inboundCallers }) => [name, carrier, inboundCallers])).toEqual([
      ["clawdtalk", "clawdtalk", "owner"],
      ["work", "clawcall", "unknown"],
    ]);
    expect(problems).toEqual([
      expect.stringMatching(/"lines\.work\.bridgeHost" in .* must be an address of this machine/),
      expect.stringMatching(
        /"lines\.clawdtalk\.carrier" in .*always ClawdTalk's; give the line another name/,
      ),
      '"lines.clawdtalk.bridge" has no effect: ClawdTalk lines have no such setting.',
    ]);
  });

  test("written without a key", () => {
    expect(load({}, { lines: { clawcall: {} } }).problems).toEqual([
      'The line "clawcall" has no key: set CLAWCALL_API_KEY.',
    ]);
  });
});

test("numbers are normalised, wrong ones named", () => {
  const { config, problems } = load(
    {},
    { ownerNumbers: ["+1 555 000 1111", "+15550001111", "555", "+8613800138000"] },
  );
  expect(config.ownerNumbers).toEqual(["+15550001111", "+8613800138000"]);
  expect(problems).toEqual([expect.stringMatching(/"ownerNumbers" in .*: "555" is not a phone number/)]);
  expect(load({}, { ownerNumbers: "+15550001111" }).config.ownerNumbers).toEqual(["+15550001111"]);
});

test("an address in a file that is none: no other service gets the key", () => {
  const { config, problems } = load(
    {},
    { apiKey: KEY, lines: { night: { carrier: "clawcall", apiKey: "another", server: "http://a.example" } } },
  );
  expect(problems).toEqual([
    expect.stringMatching(
      /^"lines\.night\.server" in .* must be an https URL, or an http URL on this machine: until it is, the line "night" is not used\.$/,
    ),
  ]);
  expect(config.lines).toMatchObject([{ name: "clawdtalk", enabled: true, apiKey: KEY }, { enabled: false }]);
  expect(config.lines[1]).not.toHaveProperty("apiKey");
});

describe("limits and rules", () => {
  test("what is written counts", () => {
    const { config, problems } = load(
      {},
      {
        apiKey: KEY,
        callsPerDay: 3,
        textsPerDay: 0,
        lines: { clawdtalk: { textsPerDay: 7 }, work: { apiKey: "cc_live_work", minutesPerDay: 30 } },
        callsPerNumberPerDay: 1,
        cooldownMinutes: 60,
        quietHours: "off",
        callingHours: "8:30 – 24:00",
        timezone: "Asia/Shanghai",
        numberTimezones: { "+1 (800)": "America/New_York", "+79": "Europe/Moscow" },
        retentionDays: 0,
        guestTools: ["weather"],
        toolRules: { "exec:^git status$": "allow", exec: "deny" },
        approvals: { voice: true },
      },
    );
    expect(problems).toEqual([]);
    expect(config).toMatchObject({
      lines: [
        { name: "clawdtalk", callsPerDay: 3, textsPerDay: 7, minutesPerDay: 240 },
        { name: "work", callsPerDay: 3, textsPerDay: 0, minutesPerDay: 30 },
      ],
      limits: { callsPerNumberPerDay: 1, cooldownMinutes: 60 },
      hours: {
        timezone: "Asia/Shanghai",
        callingHours: { fromMinute: 510, toMinute: 1440 },
        numberTimezones: { "+1800": "America/New_York", "+79": "Europe/Moscow" },
      },
      retentionDays: 0,
      guestTools: ["weather"],
      approvals: { voice: true, timeoutSeconds: 300 },
    });
    expect(config.hours.quietHours).toBeUndefined();
    expect(Object.entries(config.toolRules)).toEqual([
      ["exec:^git status$", "allow"],
      ["exec", "deny"],
    ]);
    expect(load({}, { callingHours: "always" }).config.hours.callingHours).toBeUndefined();
  });

  test("approvals are taken together from several places, rules from the first alone", () => {
    write("switchboard/skill-config.json", {
      approvals: { voice: true, timeoutSeconds: 60 },
      toolRules: { exec: "allow" },
    });
    const { config } = load({}, { approvals: { timeoutSeconds: 20 }, toolRules: { write: "deny" } });
    expect(config.approvals).toEqual({ voice: true, timeoutSeconds: 20 });
    expect(config.toolRules).toEqual({ write: "deny" });
  });

  test("fields for answering machines, by what answers and by nothing else", () => {
    const answeringMachineFields = { person: { detect: true }, automated: { action: "continue_assistant" } };
    expect(load({}, { answeringMachineFields }).config.answeringMachineFields).toEqual(
      answeringMachineFields,
    );
    for (const wrong of [{ people: {} }, { person: "on" }, "on"]) {
      const { config, problems } = load({}, { answeringMachineFields: wrong });
      expect(config).not.toHaveProperty("answeringMachineFields");
      expect(problems).toEqual([
        expect.stringMatching(
          /^"answeringMachineFields.*" in .* is wrong and left out: must say what is added/,
        ),
      ]);
    }
  });

  test("of numbers' time zones what is wrong is left out alone", () => {
    const numberTimezones = {
      "+1800": "America/New_York",
      "1888": "America/New_York",
      "+0800": "UTC",
      "+79": "Moscow",
      "+7x": "UTC",
      "+3906": "Europe/Rome",
    };
    const { config, problems } = load({}, { numberTimezones });
    expect(config.hours.numberTimezones).toEqual({ "+1800": "America/New_York", "+3906": "Europe/Rome" });
    expect(problems.toSorted()).toEqual(
      ["+0800", "+79", "+7x", "1888"].map((key) =>
        expect.stringContaining(
          `"numberTimezones.${key}" in plugins.entries.switchboard.config in ${configFile} is wrong and left out: must ${key === "+79" ? "be a time zone" : "say how numbers begin"}`,
        ),
      ),
    );
    expect(load({}, { numberTimezones: "+1" }).problems).toEqual([
      expect.stringMatching(
        /"numberTimezones" in .* is wrong and counts as \{\}: must say how numbers begin/,
      ),
    ]);
  });

  test("a slip of the pen lets nobody in, and costs no other rule", () => {
    const { config, problems } = load(
      {},
      {
        apiKey: KEY,
        inboundCallers: "nobody",
        lines: { work: { apiKey: "cc_live_work", inboundCallers: ["owner"] } },
        toolRules: { exec: "never", write: "deny", read: "allow" },
        approvals: { voice: "yes", timeoutSeconds: 20, colour: "red" },
        guestTools: ["read", "*"],
        quietHours: "late",
        callingHours: "off",
        timezone: "+02:00",
        callsPerDay: -1,
        retentionDays: 1.5,
      },
    );
    expect(config.lines).toMatchObject([
      { inboundCallers: "unknown", callsPerDay: 50 },
      { inboundCallers: "unknown" },
    ]);
    expect(config.toolRules).toEqual({ exec: "deny", write: "deny", read: "allow" });
    expect(config.approvals).toEqual({ voice: false, timeoutSeconds: 20 });
    expect(config.guestTools).toEqual([]);
    expect(config.hours).toEqual(load().config.hours);
    expect(config.retentionDays).toBe(365);
    const place = `plugins.entries.switchboard.config in ${configFile}`;
    expect(problems.toSorted()).toEqual(
      [
        `"inboundCallers" in ${place} is wrong and counts as "unknown": Invalid option: expected one of "owner"|"unknown".`,
        `"lines.work.inboundCallers" in ${place} is wrong and counts as "unknown": Invalid option: expected one of "owner"|"unknown".`,
        `"toolRules.exec" in ${place} is wrong and counts as "deny": must be "allow", "ask" or "deny".`,
        `"approvals.voice" in ${place} is wrong and counts as false: must be true or false.`,
        `"approvals.colour" in ${place} is not a setting and has no effect.`,
        `"guestTools" in ${place} is wrong and counts as []: must be a list of tool names, each written out.`,
        `"quietHours" in ${place} is wrong and counts as "22:00-07:00": must be two times of a day, such as "22:00-07:00", or "off".`,
        `"callingHours" in ${place} is wrong and counts as "09:00-17:00": must be two times of a day, such as "22:00-07:00", or "always".`,
        `"timezone" in ${place} is wrong and left out: must be a time zone such as "Europe/Berlin".`,
        `"callsPerDay" in ${place} is wrong and counts as 50: must be a whole number, 0 or more.`,
        `"retentionDays" in ${place} is wrong and left out: must be a whole number, 0 or more.`,
      ].toSorted(),
    );
  });
});

describe("settings that keep people and tools out", () => {
  /** As lax as can be. */
  const LAX = {
    inboundCallers: "owner",
    guestTools: ["exec"],
    toolRules: { exec: "allow" },
    approvals: { voice: true, timeoutSeconds: 3600 },
    allowPremiumNumbers: true,
    quietHours: "off",
    callingHours: "always",
    callsPerDay: 9_999,
    textsPerDay: 9_999,
    minutesPerDay: 9_999,
    callsPerNumberPerDay: 9_999,
    cooldownMinutes: 0,
    lines: { night: { carrier: "clawcall", apiKey: "11111111-2222", bridge: true } },
  };
  const decided = ({ config }: ReturnType<typeof load>) => {
    const { guestTools, toolRules, approvals, allowPremiumNumbers, limits, hours, lines } = config;
    const line = lines.find(({ name }) => name === "night");
    const { inboundCallers, callsPerDay, textsPerDay, minutesPerDay } = line ?? {};
    return {
      ...{ guestTools, toolRules, approvals, allowPremiumNumbers, limits, hours },
      ...{ inboundCallers, callsPerDay, textsPerDay, minutesPerDay },
      bridge: line?.carrier === "clawcall" && line.bridge,
    };
  };
  const lineOf = { carrier: "clawcall", apiKey: "11111111-2222" };
  /** The defaults, with nobody believed, no guest's tool and, where rules were written, no tool at all. */
  const strict = () => ({
    ...decided(load({}, { lines: { night: lineOf } })),
    inboundCallers: "unknown",
    toolRules: { "*": "deny" },
  });

  test.each<[string, unknown]>([
    ["a word that means nothing", "nonsense"],
    ["a number where none belongs", -1],
    ["nothing", null],
    ["an empty text", ""],
    ["a variable that is not set", `\${NOT_SET}`],
    ["a list in a list", [["x"]]],
  ])("written as %s count as the strictest, not as another place says", (_what, wrong) => {
    const expected = strict();
    write("switchboard/skill-config.json", LAX);
    const keys = Object.keys(LAX).filter((key) => key !== "lines");
    const written = Object.fromEntries(keys.map((key) => [key, wrong]));
    const loaded = load({}, { ...written, lines: { night: { bridge: wrong } } });
    expect(decided(loaded)).toEqual(expected);
    const said = loaded.problems.join("\n");
    for (const key of [...keys, "lines.night.bridge"]) {
      expect(said).toMatch(new RegExp(`"${key}(\\.\\d)*" in .* is wrong and counts as `));
    }
  });

  test("of one line are that line's", () => {
    const { config, problems } = load(
      { CLAWDTALK_API_KEY: KEY },
      { ...LAX, lines: { night: { ...lineOf, inboundCallers: "Owner", callsPerDay: "50" } } },
    );
    expect(config.lines).toMatchObject([
      { name: "clawdtalk", inboundCallers: "owner", callsPerDay: 9_999 },
      { name: "night", inboundCallers: "unknown", callsPerDay: 50 },
    ]);
    expect(problems).toHaveLength(2);
    const closed = { inboundCallers: "unknown", lines: { night: { ...lineOf, inboundCallers: "owner" } } };
    expect(load({ CLAWDTALK_API_KEY: KEY }, closed).config.lines).toMatchObject([
      { name: "clawdtalk", inboundCallers: "unknown" },
      { name: "night", inboundCallers: "owner" },
    ]);
  });

  test("in a file that cannot be read may have kept somebody out", () => {
    const expected = strict();
    write("switchboard/skill-config.json", `{ "inboundCallers": "unknown", oops`);
    const loaded = load({}, { lines: { night: lineOf } });
    expect(decided(loaded)).toEqual(expected);
    expect(loaded.problems.join()).toMatch(/Until .*skill-config\.json can be read, nobody who calls in/);
    write("switchboard/skill-config.json", "{}");
    expect(decided(load({}, { lines: { night: lineOf } })).inboundCallers).toBe("owner");
  });
});

describe("what is wrong is left out and named", () => {
  test("one wrong setting costs no other", () => {
    const { config, problems } = load(
      {},
      {
        apiKey: KEY,
        server: "not a url",
        speech: "loud",
        progressAfterMs: "soon",
        ownerName: ["Ada"],
        agentName: "Bo",
        colour: "red",
        lines: {
          work: { apiKey: "cc_live_work", carrier: "pigeon", language: "??", tone: "kind" },
          "a b": {},
        },
      },
    );
    expect(config.agentName).toBe("Bo");
    expect(config.lines.map(({ name, server, speech }) => [name, server, speech])).toEqual([
      ["clawdtalk", "not a url", "sentences"],
      ["work", "https://clawdtalk.com", "sentences"],
    ]);
    const said = problems.join("\n");
    for (const key of [
      "server",
      "speech",
      "progressAfterMs",
      "ownerName",
      "colour",
      "lines.work.carrier",
      "lines.work.language",
      "lines.work.tone",
      "lines.a b",
    ]) {
      expect(said).toContain(`"${key}"`);
    }
    expect(said).toContain('one of "sentences"|"first"|"off"');
    expect(problems).toHaveLength(9);
  });

  test("broken files are named by place, and never quoted", () => {
    write("openclaw.json", `{ gateway: { auth: { token: "gateway-secret" } }, oops`);
    write("switchboard/skill-config.json", `{ "api_key": "${KEY}" "server": 1 }`);
    const { config, problems } = load({ CLAWDTALK_API_KEY: KEY });
    expect(config.lines).toHaveLength(1);
    expect(problems).toHaveLength(3);
    expect(problems[0]).toMatch(/openclaw\.json is not valid JSON5: look at line 1, column \d+/);
    expect(problems.join()).not.toMatch(/secret|cc_live/);
  });

  test("a file that holds no object, an entry that is none", () => {
    write("switchboard/skill-config.json", "[1]");
    expect(load({}, "hello").problems).toEqual([
      expect.stringMatching(/plugins\.entries\.switchboard\.config in .* must be an object/),
      expect.stringMatching(/^Until plugins\.entries\.switchboard\.config in .* can be read/),
      expect.stringMatching(/skill-config\.json must hold an object/),
      expect.stringMatching(/^Until .*skill-config\.json can be read/),
    ]);
  });

  test("variables that are not set", () => {
    const { config, problems } = load(
      {},
      { apiKey: `\${MY_KEY}`, ownerName: `\${OWNER}`, agentName: `$\${LITERAL}` },
    );
    expect(config.lines).toEqual([]);
    expect(config.agentName).toBe(`\${LITERAL}`);
    expect(problems).toEqual([
      expect.stringMatching(/"apiKey" in .* refers to the environment variable MY_KEY, which is not set/),
      expect.stringMatching(/"ownerName" in .* refers to the environment variable OWNER, which is not set/),
    ]);
    expect(load({ MY_KEY: KEY }, { apiKey: "$MY_KEY" }).config.lines[0]?.apiKey).toBe(KEY);
  });

  test("a key with characters that no header takes, URLs in variables", () => {
    const { config, problems } = load({
      CLAWDTALK_API_KEY: `“${KEY}”`,
      CLAWDTALK_API_URL: "clawdtalk.com",
    });
    expect(config.lines[0]?.apiKey).toBeUndefined();
    expect(config.lines[0]?.enabled).toBe(false);
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain(KEY);
  });

  test("a line without a key", () => {
    const { config, problems } = load({}, { lines: { work: {} } });
    expect(config.lines[0]).toMatchObject({ name: "work" });
    expect(problems).toEqual(['The line "work" has no key: set "lines.work.apiKey".']);
  });
});

describe("includes", () => {
  test("are followed, from files in files, siblings winning", () => {
    write("openclaw.json", { plugins: { $include: "./parts/plugins.json5" } });
    write("parts/plugins.json5", {
      entries: { switchboard: { config: { $include: ["a.json5", "./b.json5"], agentName: "Sibling" } } },
    });
    write("parts/a.json5", { agentName: "A", ownerName: "A", apiKey: KEY, ownerNumbers: ["+15550001111"] });
    write("parts/b.json5", { ownerName: "B", ownerNumbers: ["+15550002222"] });
    const { config, problems } = load();
    expect(problems).toEqual([]);
    expect(config).toMatchObject({ agentName: "Sibling", ownerName: "B" });
    expect(config.ownerNumbers).toEqual(["+15550001111", "+15550002222"]);
    expect(config.lines[0]?.apiKey).toBe(KEY);
  });

  test("that lead nowhere, out of the folder or in circles are named, and the rest still counts", () => {
    const outside = mkdtempSync(path.join(tmpdir(), "switchboard-outside-"));
    try {
      writeFileSync(path.join(outside, "secret.json"), `{ ownerName: "Eve" }`);
      symlinkSync(path.join(outside, "secret.json"), path.join(folder, "link.json"));
      write("round.json", { $include: "./round.json" });
      entry(
        { $include: [path.join(outside, "secret.json"), "./link.json"], agentName: "Bo" },
        { gateway: { $include: "./missing.json" }, agents: { $include: "./round.json" } },
      );
      const { config, problems } = load();
      expect(config).toMatchObject({ agentName: "Bo" });
      expect(config.ownerName).toBeUndefined();
      expect(problems.join("\n")).toMatch(/secret\.json, which lies outside/);
      expect(problems.join("\n")).toMatch(/link\.json, which lies outside/);
      expect(problems.join("\n")).toMatch(/missing\.json, which could not be read/);
      expect(problems.join("\n")).toMatch(/round\.json, which includes it again/);
      expect(problems).toHaveLength(4);
      expect(load({ OPENCLAW_INCLUDE_ROOTS: outside }).config.ownerName).toBe("Eve");
    } finally {
      rmSync(outside, { recursive: true });
    }
  });
});

describe("secret references", () => {
  const reference = (source: string, id: string, provider = "default") => ({
    apiKey: { source, provider, id },
  });
  const key = () => load({ PHONE_KEY: KEY }).config.lines[0]?.apiKey;
  const problem = () => load({ PHONE_KEY: KEY }).problems.join("\n");

  test("to the environment, with the providers' allowlist", () => {
    entry(reference("env", "PHONE_KEY"));
    expect(key()).toBe(KEY);
    entry(reference("env", "OTHER"));
    expect(problem()).toMatch(/"apiKey" in .* names the environment variable OTHER, which is not set/);
    entry(reference("env", "PHONE_KEY"), {
      secrets: { providers: { default: { source: "env", allowlist: [] } } },
    });
    expect(problem()).toMatch(/allowlist/);
    entry(reference("env", "PHONE_KEY", "elsewhere"));
    expect(problem()).toMatch(/provider "elsewhere"/);
  });

  test("to files, by pointer or whole", () => {
    write("secrets.json", JSON.stringify({ phone: { "a/b": KEY } }));
    const file = write("key.txt", `${KEY}\n`);
    entry(reference("file", "/phone/a~1b", "json"), {
      secrets: { providers: { json: { source: "file", path: path.join(folder, "secrets.json") } } },
    });
    expect(key()).toBe(KEY);
    const single = { secrets: { providers: { text: { source: "file", path: file, mode: "singleValue" } } } };
    entry(reference("file", "value", "text"), single);
    expect(key()).toBe(KEY);
    entry(reference("file", "/phone/none", "json"), {
      secrets: { providers: { json: { source: "file", path: path.join(folder, "secrets.json") } } },
    });
    expect(problem()).toMatch(/where no secret is/);
    rmSync(file);
    entry(reference("file", "value", "text"), single);
    expect(problem()).toMatch(/cannot be read \(ENOENT\)/);
  });

  test.skipIf(process.platform === "win32")("not to files that others can reach", () => {
    const file = write("key.txt", KEY);
    const config = { secrets: { providers: { text: { source: "file", path: file, mode: "singleValue" } } } };
    entry(reference("file", "value", "text"), config);
    chmodSync(file, 0o644);
    expect(problem()).toMatch(/others may read: chmod 600 it/);
    chmodSync(file, 0o600);
    linkSync(file, path.join(folder, "second.txt"));
    expect(problem()).toMatch(/second hard link/);
    expect(problem()).not.toContain(KEY);
  });

  test.each(["exec", "store"])(
    "from %s only the gateway can read, and the sentence says what to do",
    (source) => {
      entry(reference(source, "PHONE_KEY", "vault"));
      expect(problem()).toMatch(
        /only the gateway can read: keep the key in the \.env file of the state folder/,
      );
      expect(key()).toBeUndefined();
    },
  );

  test("the environment's own key still comes first", () => {
    entry(reference("exec", "PHONE_KEY", "vault"));
    expect(load({ CLAWDTALK_API_KEY: KEY })).toMatchObject({
      problems: [],
      config: { lines: [{ apiKey: KEY }] },
    });
  });
});

describe("the gateway's address and token", () => {
  const gateway = (env: Record<string, string> = {}) => {
    const { gatewayUrl, gatewayToken } = load(env).config;
    return [gatewayUrl, gatewayToken];
  };

  test("come from the gateway's own config when nothing else says them", () => {
    write("openclaw.json", {});
    expect(gateway()).toEqual([undefined, undefined]);
    write("openclaw.json", { gateway: { auth: { token: `\${GATEWAY_SECRET}` } } });
    expect(gateway({ GATEWAY_SECRET: "abc" })).toEqual(["http://127.0.0.1:18789", "abc"]);
    write("openclaw.json", {
      gateway: { port: 19001, tls: { enabled: true }, auth: { mode: "password", password: "p" } },
    });
    expect(gateway()).toEqual(["https://127.0.0.1:19001", "p"]);
    expect(gateway({ OPENCLAW_GATEWAY_PASSWORD: "q" })).toEqual(["https://127.0.0.1:19001", "q"]);
    write("openclaw.json", { gateway: { mode: "remote", remote: { url: "wss://gate.example/" } } });
    expect(gateway()).toEqual(["https://gate.example", undefined]);
  });

  test("the gateway's variables win", () => {
    write("openclaw.json", { gateway: { port: 19001, auth: { token: "abc" } } });
    write("switchboard/skill-config.json", { gateway_url: "http://old.example", gateway_token: "old" });
    expect(gateway()).toEqual(["http://old.example", "old"]);
    expect(gateway({ OPENCLAW_GATEWAY_PORT: "19555", OPENCLAW_GATEWAY_TOKEN: "new" })).toEqual([
      "http://127.0.0.1:19555",
      "new",
    ]);
    expect(gateway({ OPENCLAW_GATEWAY_URL: "ws://127.0.0.1:1/" })[0]).toBe("http://127.0.0.1:1");
  });
});
