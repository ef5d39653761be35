/** Owns the checks of people: whether you are known, and who may do what. */
import { phoneTrust } from "../../command-line/phone-trust.ts";
import { type Check, ok, warning } from "../check.ts";
import { auditFindings } from "./files.ts";

const ownerNumber: Check = {
  id: "owner-number",
  group: "People",
  looksAt: "whether one of your phone numbers is known",
  why: "Texts from it are yours, `sms me` goes to it, and on ClawCall only calls from it count as yours.",
  mend: "`openclaw config set plugins.entries.switchboard.config.ownerNumbers '[\"+15550001111\"]'`, or `setup --owner-number +15550001111`",
  async look(examination) {
    const { ownerNumbers, lines } = examination.settings.config;
    if (lines.length === 0) return [];
    if (ownerNumbers.length > 0) return ok("Your phone number is known.");
    return warning(
      "None of your phone numbers is known.",
      // Without the option, setup asks for it the first time alone.
      await examination.ours("setup --owner-number <your number>"),
    );
  },
};

const callers: Check = {
  id: "callers",
  group: "People",
  looksAt: "who may come to speak on each line, known by what, and what they then count as",
  why: "Whoever is taken for you speaks with your rights.",
  mend: "`openclaw config set plugins.entries.switchboard.config.inboundCallers unknown` believes nobody who calls in",
  async look(examination) {
    if (examination.usableLines.length === 0) return [];
    const more = await examination.ours("trust");
    const { lines } = await phoneTrust(examination.settings, { places: () => examination.places });
    return lines
      .filter(({ enabled }) => enabled)
      .flatMap(({ line, speakers }) => {
        const callsIn = speakers.find(({ way }) => way === "callsIn");
        if (callsIn === undefined) return ok(`${line}: nobody calls in.`);
        return ok(
          callsIn.tier === "owner"
            ? `${line}: who calls in counts as you, known by ${callsIn.strength}. More: ${more}`
            : `${line}: nobody who calls in is believed.`,
        );
      });
  },
};

const openness: Check = {
  id: "open-doors",
  group: "People",
  looksAt:
    "texts that anybody may send, powerful tools that run unasked, a bridge that other programs can use",
  why: "Each lets others have things done in your name, or at your cost.",
  mend: "what is named; `openclaw security audit` says the same",
  async look(examination) {
    if (examination.settings.config.lines.length === 0) return [];
    const found = auditFindings(examination, (id) => !id.startsWith("switchboard.keys."));
    return found.length > 0 ? found : ok("Nobody else's texts, tools or programs are let in.");
  },
};

export const peopleChecks: readonly Check[] = [ownerNumber, callers, openness];
