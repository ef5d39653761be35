/** Owns the page of all checks, `references/troubleshooting.md`: written by the build from the checks themselves. */
import { type Check, groups } from "./check.ts";

/** What people notice, and the checks that find why. A test holds the names against the checks. */
export const SYMPTOMS: readonly { readonly seen: string; readonly checks: readonly string[] }[] = [
  {
    seen: "Nobody answers when you call",
    checks: ["gateway-reachable", "line-accounts", "line-connections", "line-agents", "duplicate-clients"],
  },
  { seen: "You are taken for a stranger", checks: ["owner-number", "callers"] },
  { seen: "Other people's texts and calls are turned away", checks: ["plugin-hooks"] },
  { seen: "The agent says that it has no phone", checks: ["plugin-loaded", "plugin-tools", "skill-visible"] },
  { seen: "The agent has lost its other tools", checks: ["misplaced-tools-allow", "voice-agent"] },
  { seen: "Words of a call go missing", checks: ["duplicate-clients", "old-clients"] },
  { seen: "Callers wait long for the first word", checks: ["test-call"] },
  { seen: "Calls are placed at the wrong time", checks: ["clock", "settings"] },
];

/** The whole page, in Markdown. */
export function troubleshootingPage(checks: readonly Check[]): string {
  const parts = groups.flatMap((group) => {
    const own = checks.filter((check) => check.group === group);
    return [`## ${group}`, table(["check", "looks at", "why it matters", "what mends it"], own.map(rowOf))];
  });
  return [
    "# When something does not work",
    INTRODUCTION,
    table(
      ["what you notice", "look at"],
      SYMPTOMS.map(({ seen, checks: named }) => [seen, named.map((id) => `\`${id}\``).join(", ")]),
    ),
    "The checks, in the order of the report:",
    ...parts,
  ]
    .join("\n\n")
    .concat("\n");
}

const INTRODUCTION = `<!-- Written by "npm run build" from plugin/doctor: change it there. -->

\`\`\`bash
openclaw phone doctor                  # with the plugin
node dist/scripts/doctor.js            # always, in the skill's folder: also when the gateway or the plugin does not run
\`\`\`

looks at everything below and says of each thing what was found; of what is wrong also why it matters and the one command that
mends it. Problems stand at the end. \`--fix\` mends what can be mended without harm (files that others can read, the plugin's
permission and channel in the gateway's config, what older clients left there): each change is shown and asked about, or done with
\`--fix --yes\`; the config keeps its comments, and a copy of what stood there. \`--no-call\` makes no test call. Nothing is sent to a
service but questions about your account. The exit code is 1 when there is a problem, also after \`--fix\` when one is left.`;

function rowOf({ id, looksAt, why, mend }: Check): string[] {
  return [`\`${id}\``, looksAt, why, mend];
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headings, headings.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}
