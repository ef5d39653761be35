/** Owns what is said around a briefing: what the agent is asked for, and what the owner hears when it failed. */

/** What a briefing is made from. */
export interface BriefingOrder {
  readonly label?: string | undefined;
  /** What the owner wants to hear, in their own words. */
  readonly task: string;
}

/** What the agent is asked. Its answer is what is spoken. */
export function briefingPrompt({ label, task }: BriefingOrder): string {
  const title = oneLine(label ?? "");
  const order = task
    .trim()
    .split(/\r\n|\r|\n/)
    .map((line) => `> ${line}`.trimEnd());
  return [
    `It is time for the owner's phone briefing${title === "" ? "" : ` "${title}"`}. This is the owner's own standing order for it:`,
    "",
    ...order,
    "",
    "Do now what it asks for, with your tools where they are needed. Then answer with the words of the briefing and with nothing else: the owner's phone rings, and your answer is spoken to them as it stands.",
    "- Short spoken sentences. No markup, no lists, no links, no emoji. Write numbers and times as they are said.",
    "- Begin with the most important. Stop after about a minute; the owner can ask for more on the phone.",
    "- Speak the language of the order.",
    "- Where something cannot be found out, say so in one sentence and go on.",
    "- Place no call and change no schedule: the call is being made already.",
  ].join("\n");
}

/** What the owner hears when there is no briefing: honest, and with a way on. */
export function unpreparedWords(label: string | undefined, language: string): string {
  return (UNPREPARED[language.toLowerCase().split("-", 1)[0] ?? ""] ?? english)(oneLine(label ?? ""));
}

const english = (label: string): string =>
  `This is your briefing${label === "" ? "" : `, ${label}`}. I could not prepare it this time. Ask me now, and I will try again.`;

const UNPREPARED: Readonly<Record<string, (label: string) => string>> = {
  zh: (label) =>
    `这是您的定时简报${label === "" ? "" : `“${label}”`}。这次我没能准备好。您可以现在问我，我再试一次。`,
};

function oneLine(text: string): string {
  return text.replace(/\s+/gu, " ").trim();
}
