/** How a mission's progress and result read: in any script, and as nothing but text wherever they are opened. */
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import { asQuotation, asSaid } from "../../plugin/command-line/quoted.ts";
import { missionReport, reportAsCsv, reportAsMarkdown } from "../../plugin/missions/report.ts";
import { changedLines, missionLines, nextInWords, targetInWords } from "../../plugin/missions/watch-view.ts";
import { AS_DATA } from "../../plugin/trust/quotation.ts";
import { aStatus, aTarget, NOW } from "./mission-facts.ts";

const place = { now: NOW, timezone: "Europe/Berlin" };
const rubric = [
  { name: "Price", weight: 3 },
  { name: "礼貌", weight: 1 },
];

const screened = aStatus({
  plan: { class: "screening", rubric },
  work: { state: "succeeded", summary: "李师傅最便宜。" },
  targets: [
    aTarget({
      position: 1,
      name: "ABC | Co [x](http://evil.example)",
      state: "done",
      outcome: "completed",
      attempts: 2,
      durationSeconds: 41,
      scores: { Price: 5, 礼貌: 9 },
      quote: '=HYPERLINK("http://evil.example")',
      facts: { city: "Chicago" },
    }),
    aTarget({
      position: 2,
      name: "李师傅",
      state: "done",
      outcome: "completed",
      attempts: 1,
      durationSeconds: 20,
      scores: { Price: 9, 礼貌: 8 },
      insight: "每扇窗 30 元,\n“便宜”。",
      facts: { city: "北京" },
    }),
    aTarget({ position: 3, state: "failed", outcome: "no-answer", attempts: 3, facts: { city: "＝1+1" } }),
  ],
});

describe("a report", () => {
  test("has a ranking by weight, a row for each, and what they said", () => {
    const text = reportAsMarkdown(screened, asSaid);
    expect(text).toContain("# Window washers");
    expect(text).toContain("Succeeded. 2 done, 1 failed. Cost: 6 calls, 1.1 minutes.");
    expect(text).toContain("李师傅最便宜。");
    expect(text).toContain("1. 李师傅: 8.8 (Price 9, 礼貌 8)");
    expect(text).toContain("2. ABC \\| Co");
    expect(text).toContain("每扇窗 30 元, “便宜”。 |");
    expect(text).toContain("| 3 | Target 3 | +15550001003 | failed, no answer, 3 calls |  |  |");
    // One line for each row: nothing that was said opens a new one, a link or markup.
    const rows = text.split("\n").filter((line) => line.startsWith("| "));
    expect(rows).toHaveLength(5);
    expect(text).not.toMatch(/[^\\]\[x\]\(|[a-z]:\/\//);
  });

  test("gives an agent what others said as quotations", () => {
    for (const text of [reportAsMarkdown(screened, asQuotation), reportAsCsv(screened, asQuotation)]) {
      expect(text.split(AS_DATA).length - 1).toBeGreaterThan(1);
      for (const line of text.split("\n")) {
        if (line.includes("HYPERLINK")) expect(line).toContain(AS_DATA);
      }
    }
  });

  test("as CSV comes back as it was, and no cell of it is a formula", () => {
    const rows: Record<string, string>[] = parse(reportAsCsv(screened, asSaid), { columns: true });
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatchObject({
      name: "ABC | Co [x](http://evil.example)",
      number: "+15550001001",
      outcome: "completed",
      seconds: "41",
      score: "6",
      Price: "5",
      礼貌: "9",
      quote: '\'=HYPERLINK("http://evil.example")',
      city: "Chicago",
    });
    expect(rows[1]).toMatchObject({ name: "李师傅", learned: "每扇窗 30 元,\n“便宜”。", city: "北京" });
    expect(rows[2]?.city).toBe("'＝1+1");
    for (const cell of rows.flatMap((row) => Object.values(row))) {
      if (!/^\+\d+$/.test(cell)) expect(cell).not.toMatch(/^\s*[=+\-@＝＋－＠]/u);
    }
  });

  test("as JSON has everything", () => {
    const report = missionReport(screened);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(report).toMatchObject({
      slug: "window-washers",
      state: "succeeded",
      ranking: [
        { position: 2, name: "李师傅", score: 8.8 },
        { position: 1, score: 6 },
      ],
      cost: { calls: 6, minutes: 1.1, hasUnknownMinutes: false, texts: 0 },
      approval: null,
    });
  });
});

describe("what is watched", () => {
  const at = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
  const waiting = aTarget({ position: 1 });
  const scheduled = aTarget({ position: 2, state: "scheduled", attempts: 1, scheduledAt: at(30) });
  const ringing = aTarget({
    ...scheduled,
    status: "in_progress",
    callStatus: "ringing",
  });

  test("says what is next, and what it has cost: what is to come has cost nothing", () => {
    const status = aStatus({ targets: [waiting, scheduled] });
    expect(nextInWords(status, place)).toBe("the call to Target 2 at 16:30");
    expect(missionLines(status, place)).toEqual([
      "Window washers [running] (window-washers, sweep)",
      "  1 scheduled, 1 waiting. So far: 0 calls.",
      "  Next: the call to Target 2 at 16:30",
      "    1  Target 1  waiting",
      "    2  Target 2  call at 16:30",
    ]);
    expect(targetInWords({ ...scheduled, scheduledAt: at(72 * 60) }, place)).toBe(
      "call on Thursday 5 December 2030 at 16:00 (Europe/Berlin)",
    );
  });

  test("line by line, says only what has changed", () => {
    const first = aStatus({ targets: [waiting, scheduled] });
    const second = aStatus({ targets: [waiting, ringing] });
    const over = aStatus({
      work: { state: "failed", reason: "Nobody was reached." },
      targets: [waiting, { ...ringing, state: "failed", outcome: "busy" }],
    });
    expect(changedLines(undefined, first, place)).toEqual([
      "Window washers [running]: 1 scheduled, 1 waiting. So far: 0 calls. Next: the call to Target 2 at 16:30.",
    ]);
    expect(changedLines(first, first, place)).toEqual([]);
    expect(changedLines(first, second, place)).toEqual(["Target 2: ringing"]);
    expect(changedLines(second, over, place)).toEqual([
      "Target 2: failed: busy",
      "Window washers [failed]: 1 failed, 1 waiting. So far: 1 call. Nobody was reached.",
    ]);
  });

  test("a long list shows those with whom something happens", () => {
    const targets = Array.from({ length: 50 }, (_, index) => aTarget({ position: index + 1 }));
    const lines = missionLines(
      aStatus({ targets: [...targets, { ...ringing, id: 99, position: 51 }] }),
      place,
      5,
    );
    expect(lines.some((line) => line.endsWith("ringing"))).toBe(true);
    expect(lines.at(-1)).toContain("and 46 more");
  });

  test("a round that waits for a yes says so", () => {
    const status = aStatus({
      plan: {
        class: "rounds",
        rounds: [1, 2].map((n) => ({ name: `${n}`, instructions: "x", questions: [] })),
      },
      targets: [aTarget({ state: "done", outcome: "completed", attempts: 1 })],
      decisions: [{ id: 1, mission: "m1", kind: "approval", round: 1, state: "open", tries: 0 }],
    });
    expect(missionLines(status, place).slice(0, 3)).toEqual([
      "Window washers [waiting for your yes] (window-washers, rounds, round 1 of 2)",
      "  1 done. So far: 1 call.",
      "  Next: your word: missions approve window-washers",
    ]);
    expect(missionReport(status).approval).toEqual([1]);
  });
});
