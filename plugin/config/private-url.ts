/** Owns which addresses a secret may be sent to. Light on purpose: scripts that go without the settings ask it too. */
import { isIPv4 } from "node:net";

/** What an address is that secrets may be sent to, as the end of a sentence. */
export const PRIVATE_URL = "must be an https URL, or an http URL on this machine";

/** Whether what is sent to this address stays unread on its way: https, or this machine. */
export function isPrivateUrl(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
}

/** Whether an address or host name means this machine and nothing else. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return address === "localhost" || address === "::1" || (isIPv4(address) && address.startsWith("127."));
}
