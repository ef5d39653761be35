import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { type CarrierName, carriers } from "../../plugin/config/schema.ts";
import {
  type IdentityStrength,
  identityStrength,
  isStrong,
  speakersOn,
} from "../../plugin/trust/identity.ts";

const names = Object.keys(carriers) as CarrierName[];
const line = (carrier: CarrierName, inboundCallers: "owner" | "unknown") => ({ carrier, inboundCallers });

test.each(names)("%s: nobody without any identity is the owner or a guest", (carrier) => {
  for (const { tier, strength } of speakersOn(line(carrier, "owner"))) {
    expect(strength === "none").toBe(tier === "stranger" || tier === "unknown");
  }
});

test.each(names)("%s: who calls in is nobody where the line says so", (carrier) => {
  const changed = speakersOn(line(carrier, "owner")).filter(
    ({ tier }, index) => speakersOn(line(carrier, "unknown"))[index]?.tier !== tier,
  );
  expect(changed.map(({ strength }) => strength)).toEqual(
    carrier === "stepone" ? [] : [identityStrength(line(carrier, "owner"))],
  );
  for (const { tier, who } of speakersOn(line(carrier, "unknown"))) {
    if (who.includes("comes in")) expect(tier).toBe("unknown");
  }
});

test("how sure it is who calls in", () => {
  expect(names.map((carrier) => [carrier, identityStrength(line(carrier, "owner"))])).toEqual([
    ["clawdtalk", "pin (vendor's word)"],
    ["clawcall", "caller id"],
    ["stepone", "none"],
  ]);
});

test("a number that can be forged and a word that cannot be checked are not strong", () => {
  const strengths: IdentityStrength[] = ["dialled", "login", "pin (vendor's word)", "caller id", "none"];
  expect(strengths.filter(isStrong)).toEqual(["dialled", "login"]);
});

test("the documented table is this one", () => {
  const file = path.resolve(import.meta.dirname, "../../references/trust.md");
  const documented = readFileSync(file, "utf8")
    .replaceAll("`", "")
    .split("\n")
    .map((row) => row.split("|").map((cell) => cell.trim()))
    .filter((cells) => cells.length === 6 && !/^(who speaks|-+)$/.test(cells[1] ?? ""))
    .map(([, who, , strength, tier]) => [who, strength, tier?.replace("inboundCallers: ", "")]);
  const decided = names
    .filter((carrier) => carrier !== "stepone")
    .flatMap((carrier) => speakersOn(line(carrier, "owner")))
    .map(({ who, strength, tier }) => [who, strength, tier]);
  expect(documented).toEqual(decided);
});
