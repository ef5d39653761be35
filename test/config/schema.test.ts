import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { aliases, pluginConfigJsonSchema, settingsSchema } from "../../plugin/config/schema.ts";

const schema = JSON.parse(JSON.stringify(pluginConfigJsonSchema()));

test("the manifest's schema knows every setting under both names, and describes it", () => {
  const names = [...Object.keys(settingsSchema.shape), ...Object.keys(aliases)];
  expect(Object.keys(schema.properties).sort()).toEqual(names.sort());
  for (const name of names) expect(schema.properties[name].description, name).toMatch(/\.$/);
  expect(schema.required).toBeUndefined();
  expect(schema.additionalProperties).not.toBe(false);
});

test("a key may be a text or a reference, at the top and in a line", () => {
  const line = schema.properties.lines.additionalProperties;
  for (const property of [
    schema.properties.apiKey,
    schema.properties.api_key,
    line.properties.apiKey,
    line.properties.api_key,
  ]) {
    expect(property.anyOf[0].type).toBe("string");
    expect(property.anyOf[1].properties.source.enum).toEqual(["env", "file", "exec", "store"]);
  }
});

test("the package's skill-config.json has references and no secret", () => {
  const file = path.resolve(import.meta.dirname, "../../skill-config.json");
  const shipped = JSON.parse(readFileSync(file, "utf8"));
  expect(Object.keys(shipped).sort()).toEqual([...Object.keys(aliases), "greeting", "server"].sort());
  expect(shipped.api_key).toBe(`\${CLAWDTALK_API_KEY}`);
  expect(shipped.gateway_token).toBe(`\${OPENCLAW_GATEWAY_TOKEN}`);
});
