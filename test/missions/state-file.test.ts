import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { importStateFiles, stateFilePlaces } from "../../plugin/missions/state-file.ts";
import { memoryOf } from "../../plugin/store/mission-memory.ts";
import { addMission, listMissions, removeMission } from "../../plugin/store/missions.ts";
import { storeInFolder } from "../store/store-in-folder.ts";

const here = storeInFolder();

function write(name: string, content: string): string {
  const file = path.join(here.stateFolder, name, ".missions_state.json");
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

const state = (slug: string, given: object = {}) => ({
  [slug]: { mission_name: slug.toUpperCase(), mission_id: `mis_${slug}`, run_id: "run_1", ...given },
});

test("where the seeds' command line may have left its file", () => {
  const stateFolder = path.resolve("/state");
  expect(
    stateFilePlaces({
      workingFolder: stateFolder,
      stateFolder,
      packageFolder: path.join(stateFolder, "workspace"),
    }).map((place) => path.relative(stateFolder, path.dirname(place))),
  ).toEqual([
    "",
    "workspace",
    path.join("workspace", "skills", "clawdtalk-client"),
    path.join("workspace", "skills", "clawdtalk"),
    path.join("skills", "clawdtalk-client"),
    path.join("skills", "clawdtalk"),
  ]);
});

test("each file once, as it is, by however many at the same time", async () => {
  const content = JSON.stringify({
    ...state("one", { memory: { list: [1, 2], text: "二" } }),
    ...state("two"),
  });
  const file = write("a", content);
  const other = await here.another();
  const notes = await Promise.all([importStateFiles(here.store, [file]), importStateFiles(other, [file])]);
  expect(notes.flat()).toEqual([`Imported from ${file}, which stays as it is: one, two.`]);
  const [one, ...others] = await listMissions(here.store);
  expect(one).toMatchObject({ slug: "one", name: "ONE", carrierMissionId: "mis_one", runId: "run_1" });
  expect(others).toHaveLength(1);
  expect(await memoryOf(here.store, one?.id ?? "")).toEqual({ list: [1, 2], text: "二" });
  expect(readFileSync(file, "utf8")).toBe(content);

  await removeMission(here.store, one?.id ?? "");
  expect(await importStateFiles(here.store, [file]), "what was removed stays away").toEqual([]);
  expect(await listMissions(here.store)).toHaveLength(1);
});

test("a slug that is taken gets a number; a mission that is known is not imported again", async () => {
  await addMission(here.store, { slug: "one", name: "Another", carrierMissionId: "mis_other" });
  await importStateFiles(here.store, [write("a", JSON.stringify({ ...state("one"), ...state("two") }))]);
  await importStateFiles(here.store, [write("b", JSON.stringify({ ...state("two"), ...state("three") }))]);
  expect((await listMissions(here.store)).map(({ slug }) => slug)).toEqual(["one", "one-2", "two", "three"]);
});

test("the seeds' empty slug of a Chinese name, odd fields, and fields nobody knows", async () => {
  const odd = {
    "": { mission_name: "找会议室", mission_id: "mis_1" },
    odd: { mission_id: 7, created_at: "yesterday", memory: [1], color: "blue" },
  };
  await importStateFiles(here.store, [write("a", JSON.stringify(odd))]);
  const [chinese, other] = await listMissions(here.store);
  expect(chinese).toMatchObject({ slug: "找会议室", name: "找会议室" });
  expect(other).toMatchObject({ slug: "odd", name: "odd", extra: { color: "blue" } });
  expect(other).not.toHaveProperty("carrierMissionId");
});

test.each(["{", "[1]", '{"a": 1}', ""])(
  "a file that is none (%j) is named, and is no hindrance",
  async (content) => {
    const [broken, good] = [write("a", content), write("b", JSON.stringify(state("one")))];
    const notes = await importStateFiles(here.store, [broken, good, path.join(here.stateFolder, "none")]);
    expect(notes).toEqual([
      expect.stringMatching(/is not understood: its missions are not imported/),
      expect.stringMatching(/^Imported from/),
    ]);
    writeFileSync(broken, JSON.stringify(state("mended")));
    expect(await importStateFiles(here.store, [broken])).toHaveLength(1);
  },
);
