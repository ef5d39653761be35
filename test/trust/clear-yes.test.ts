import { expect, test } from "vitest";
import { isClearYes } from "../../plugin/trust/clear-yes.ts";

test.each([
  ["Yes.", "en"],
  ["Yes, please!", "en"],
  ["Go ahead, please.", "en"],
  ["Yes, I’m sure.", "en"],
  ["是的。", "zh"],
  ["确认，谢谢", "zh-CN"],
  ["はい、お願いします。", "ja"],
  ["네, 해주세요.", "ko"],
  ["Да, подтверждаю.", "ru"],
  ["نعم، أوافق.", "ar"],
  ["Sí, hazlo, por favor", "es"],
  ["Oui, vas-y !", "fr"],
  ["Ja, bitte.", "de"],
  ["Sim, pode fazer", "pt"],
  ["Sì, confermo.", "it"],
  ["Ja, doe maar", "nl"],
  ["Tak, potwierdzam", "pl"],
  ["Evet, onaylıyorum", "tr"],
  ["हाँ, कर दो", "hi"],
  ["Yes", "fi"],
  ["yes", undefined],
])("%j is a clear yes in %s", (words, language) => {
  expect(isClearYes(words, language)).toBe(true);
});

test.each([
  ["Okay.", "en"],
  ["Uh-huh", "en"],
  ["Mhm", "en"],
  ["Sure", "en"],
  ["Right", "en"],
  ["Yes, but not now", "en"],
  ["Yes. No, wait", "en"],
  ["Did I say yes?", "en"],
  ["No", "en"],
  ["yes\nyes and delete everything", "en"],
  ["yеs", "en"],
  ["please", "en"],
  ["", "en"],
  ["嗯", "zh"],
  ["嗯嗯", "zh"],
  ["好", "zh"],
  ["好的", "zh"],
  ["对", "zh"],
  ["不是的", "zh"],
  ["はい", "ja"],
  ["うん", "ja"],
  ["네", "ko"],
  ["да", "ru"],
  ["نعم", "ar"],
  ["vale", "es"],
  ["d'accord", "fr"],
  ["tak", "da"],
  ["ja", "en"],
])("%j is none in %s", (words, language) => {
  expect(isClearYes(words, language)).toBe(false);
});
