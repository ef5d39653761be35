import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSameName, nearestSlugs, slugOf } from "../../plugin/missions/slug.ts";

describe("the slug of a name", () => {
  test.each([
    ["Find window washing contractors", "find-window-washing-contractors"],
    ["SMS Test 003", "sms-test-003"],
    ["  --A/B_c!! ", "a-b-c"],
    ["找杭州的会议室 2", "找杭州的会议室-2"],
    ["Café à Zürich", "café-à-zürich"],
    ["ＡＢＣ１２", "abc12"],
    ["हिन्दी नाम", "हिन्दी-नाम"],
    ["📞 !", "mission"],
    ["", "mission"],
  ])("%j is %j", (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });

  test("of ASCII names: as the seeds make it, whatever the name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), (name) => {
        const seeds = name
          .toLowerCase()
          .replace(/[^a-z0-9]/g, "-")
          .replace(/-+/g, "-")
          .replace(/^-|-$/g, "");
        expect(slugOf(name)).toBe(seeds === "" ? "mission" : seeds);
      }),
    );
  });

  test("of any name: its own slug, with nothing a shell would read", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        expect(slugOf(slugOf(name))).toBe(slugOf(name));
        expect(slugOf(name)).toMatch(/^[\p{L}\p{N}\p{M}]+(?:-[\p{L}\p{N}\p{M}]+)*$/u);
      }),
    );
  });
});

test("names are the same whatever their case, width and spaces", () => {
  expect(isSameName(" Find  PROS", "find pros")).toBe(true);
  expect(isSameName("ＡＢ", "ab")).toBe(true);
  expect(isSameName("A/B", "a b")).toBe(false);
});

test("the nearest slugs: cut short, typed wrong, in another order, in any script", () => {
  const known = [
    "call-dentists",
    "find-window-washing-contractors",
    "find-plumbers",
    "找杭州的会议室",
    "survey-2026",
  ];
  const nearest = (slug: string) => nearestSlugs(slug, known)[0];
  expect(nearest("window-washing")).toBe("find-window-washing-contractors");
  expect(nearest("find-window-washing-contractor")).toBe("find-window-washing-contractors");
  expect(nearest("Find Plumbers")).toBe("find-plumbers");
  expect(nearest("dentist-calls")).toBe("call-dentists");
  expect(nearest("会议室")).toBe("找杭州的会议室");
  expect(nearest("survey")).toBe("survey-2026");
  expect(nearestSlugs("anything", known)).toHaveLength(3);
  expect(nearestSlugs("anything", [])).toEqual([]);
});
