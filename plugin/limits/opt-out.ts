/**
 * Owns putting a number on the do-not-call list when somebody there asks for it, in a text or on a call, and taking it
 * off again when they take it back.
 */
import { parsePhoneNumber } from "../config/phone-number.ts";
import type { Store } from "../store/database.ts";
import { addDoNotCall, removeDoNotCall } from "../store/do-not-call.ts";
import { isOptIn, isOptOut } from "./opt-out-words.ts";

/** How much of the words is kept, for the owner to judge by. */
const KEPT_CHARACTERS = 300;

/**
 * Looks whether somebody else's words ask not to be called or texted again, and puts their number on the list. Not for
 * the owner's own words.
 *
 * @param heard.number as the carrier gave it; a withheld one cannot be put on a list.
 * @param heard.where a text, or what the other end of a call said.
 * @returns "new" when the number is on the list since now, "known" when they asked again, "no" when they did not ask.
 */
export async function noteOptOut(
  store: Store,
  heard: { readonly number: string; readonly words: string; readonly where: "text" | "call" },
): Promise<"new" | "known" | "no"> {
  const number = parsePhoneNumber(heard.number);
  if (number === undefined || !isOptOut(heard.words, heard.where)) return "no";
  const words = [...heard.words].slice(0, KEPT_CHARACTERS).join("");
  return (await addDoNotCall(store, { number, source: heard.where, words })) ? "new" : "known";
}

/**
 * Takes a number off the list when a text from it says so (START, UNSTOP), which the carriers tell people to write. What
 * the owner has put on the list stays there.
 *
 * @returns whether it was taken off.
 */
export async function noteOptIn(
  store: Store,
  text: { readonly number: string; readonly words: string },
): Promise<boolean> {
  const number = parsePhoneNumber(text.number);
  if (number === undefined || !isOptIn(text.words)) return false;
  return await removeDoNotCall(store, number, { unlessBy: "owner" });
}
