/** Owns which numbers StepOne can call: mainland China's mobile ones, of 11 digits (wire page, seed). */

/** What was given as numbers to call are none, or not all. The message is for people. */
export class NotMobileNumbers extends Error {
  override readonly name = "NotMobileNumbers";
}

/**
 * The numbers of a list joined by "," or "，", each as the service wants it: 11 digits. A number may be written with
 * `+86` or `0086` in front, with spaces, hyphens or brackets, in full-width digits.
 *
 * @throws NotMobileNumbers naming the first number that is none.
 */
export function readMobileNumbers(written: string): readonly string[] {
  const numbers: string[] = [];
  for (const part of written.split(/[,，]/)) {
    // Numbers copied from a contact card carry invisible direction marks.
    const plain = part.normalize("NFKC").replace(/[\p{Cf}\s()-]/gu, "");
    const number = /^(?:\+86|0086)?(1[3-9]\d{9})$/.exec(plain)?.[1];
    if (number === undefined) {
      throw new NotMobileNumbers(
        part.trim() === ""
          ? "A number is missing: write several numbers with one comma between two of them, like 13800138000,13900139000."
          : `${JSON.stringify(part.trim())} is not a mobile number of mainland China: write its 11 digits like 13800138000, with +86 in front or without.`,
      );
    }
    if (numbers.includes(number)) {
      throw new NotMobileNumbers(
        `${number} stands twice in the list, and would be called twice: name it once.`,
      );
    }
    numbers.push(number);
  }
  return numbers;
}
