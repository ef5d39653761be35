/**
 * Owns the README's picture of the demo: what `npm run demo` printed, read from standard input, drawn as a terminal.
 *
 *     npm run --silent demo | node workshop/demo-picture.ts
 *
 * The picture shows the first calls and texts of a real run, with its times.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";

const FILE = new URL("../docs/demo.svg", import.meta.url);
/** Where the picture ends: what follows goes on in the same way, on other lines. */
const LAST = "The owner asks to be called back";
const COLUMNS = 106;
const [CHARACTER, LINE, MARGIN] = [8.4, 20, 24];
const COLOURS: Readonly<Record<string, string>> = {
  agent: "#7ee787",
  owner: "#79c0ff",
  phone: "#ffa657",
};

const printed = (await text(process.stdin)).split("\n");
const end = printed.findIndex((line) => line.startsWith(LAST));
const start = printed.findIndex((line) => line.startsWith("ClawdTalk"));
if (start === -1 || end === -1) {
  console.error("That is not what the demo prints: npm run --silent demo | node workshop/demo-picture.ts");
  process.exit(1);
}
const lines = ["$ npm ci && npm run demo", ...printed.slice(start, end)];
const [width, height] = [COLUMNS * CHARACTER + 2 * MARGIN, lines.length * LINE + 2 * MARGIN + 16];
const drawn = lines.map((line, index) => {
  const y = MARGIN + 32 + index * LINE;
  return `<text x="${MARGIN}" y="${y}" xml:space="preserve">${parts(line)}</text>`;
});
mkdirSync(new URL(".", FILE), { recursive: true });
writeFileSync(
  FILE,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="The demo in a terminal: calls and texts between the owner and the agent">
<rect width="100%" height="100%" rx="10" fill="#0d1117"/>
<g fill="#484f58"><circle cx="24" cy="20" r="6"/><circle cx="44" cy="20" r="6"/><circle cx="64" cy="20" r="6"/></g>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'Noto Sans Mono CJK SC', monospace" font-size="14" fill="#e6edf3">
${drawn.join("\n")}
</g>
</svg>
`,
);

/** A line with the time dim and the speaker in a colour; what narrates stands out. */
function parts(line: string): string {
  const said = /^(\s*\d+ ms {2})(\S+)(\s+)(.*)$/.exec(line);
  if (said === null) {
    const colour = line.startsWith(" ") ? "#8b949e" : "#d2a8ff";
    return `<tspan fill="${colour}">${escaped(line)}</tspan>`;
  }
  const [, time = "", speaker = "", space = "", words = ""] = said;
  return [
    `<tspan fill="#8b949e">${time}</tspan>`,
    `<tspan fill="${COLOURS[speaker] ?? "#e6edf3"}">${escaped(speaker)}</tspan>`,
    `${space}${escaped(words)}`,
  ].join("");
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
