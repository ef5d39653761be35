// Proves where the StepOne key and address come from, in which order, and that a key others may read is refused.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readStepOneAccount } from "../../plugin/config/stepone-account.ts";

const isWindows = process.platform === "win32";

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "switchboard-stepone-"));
});
afterEach(() => rmSync(home, { recursive: true }));

const read = (env: Record<string, string> = {}) =>
  readStepOneAccount({
    env: { HOME: home, USERPROFILE: home, ...env },
    stateFolder: path.join(home, "state"),
  });

function write(name: string, content: string, mode = 0o600): string {
  const file = path.join(home, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

test("the environment, then .env, then the vendor's file", () => {
  write(".clawd/secrets.json", '{ "steponeai_api_key": "sk_vendor" }');
  expect(read()).toEqual({ apiKey: "sk_vendor", baseUrl: "https://open-skill-api.steponeai.com" });
  write("state/.env", "STEPONEAI_API_KEY=sk_state\nSTEPONEAI_API_BASE=http://127.0.0.1:9\n");
  expect(read()).toEqual({ apiKey: "sk_state", baseUrl: "http://127.0.0.1:9" });
  expect(read({ STEPONEAI_API_KEY: " sk_process " })).toEqual({
    apiKey: "sk_process",
    baseUrl: "http://127.0.0.1:9",
  });
  expect(read({ STEPONEAI_API_KEY: "", STEPONEAI_API_BASE: "https://x.invalid" })).toEqual({
    apiKey: "sk_state",
    baseUrl: "https://x.invalid",
  });
});

test("the vendor's file is looked for in the home folder, wherever the gateway lives", () => {
  write(".clawd/secrets.json", '{ "steponeai_api_key": "sk_vendor" }');
  expect(read({ OPENCLAW_HOME: path.join(home, "elsewhere") }).apiKey).toBe("sk_vendor");
});

test.skipIf(isWindows).each([0o644, 0o640, 0o604])("mode %o lets others read it: refused", (mode) => {
  const file = write(".clawd/secrets.json", '{ "steponeai_api_key": "sk_vendor" }', mode);
  expect(() => read()).toThrow(
    `Others may read the StepOne key in ${file}: run "chmod 600 ${file}" and try again.`,
  );
  expect(read({ STEPONEAI_API_KEY: "sk_process" }).apiKey).toBe("sk_process");
});

test.each([
  ["no file", undefined],
  ["another secret", '{ "other": "x" }'],
  ["an empty one", '{ "steponeai_api_key": " " }'],
  ["no object", "null"],
])("no key (%s): where to get one and where to put it", (_, content) => {
  if (content !== undefined) write(".clawd/secrets.json", content, 0o644);
  expect(() => read()).toThrow(
    /^There is no StepOne key: make one at \S+ and set STEPONEAI_API_KEY, best in .*\.env\.$/,
  );
});

test("a file that is no JSON is not quoted", () => {
  write(".clawd/secrets.json", '{ "steponeai_api_key": sk_secret }');
  expect(() => read()).toThrow(/cannot be read \(not valid JSON\): mend it, or set STEPONEAI_API_KEY\.$/);
  expect(() => read()).not.toThrow(/sk_secret/);
});

test("what is no key and no address is told", () => {
  expect(() => read({ STEPONEAI_API_KEY: "sk_ключ" })).toThrow(/characters that no key has/);
});

test.each([
  "127.0.0.1:80",
  "http://open-skill-api.steponeai.com",
  "http://127.0.0.1.example.com",
  "ftp://127.0.0.1",
])("the key is not sent to %s", (address) => {
  expect(() => read({ STEPONEAI_API_KEY: "sk_x", STEPONEAI_API_BASE: address })).toThrow(
    /^STEPONEAI_API_BASE must be an https URL, or an http URL on this machine: correct it, or remove it for /,
  );
});

test.each(["http://localhost:1", "http://[::1]:1", "http://127.9.0.1"])("%s is this machine", (address) => {
  expect(read({ STEPONEAI_API_KEY: "sk_x", STEPONEAI_API_BASE: address }).baseUrl).toBe(address);
});
