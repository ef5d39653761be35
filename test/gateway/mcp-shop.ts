/** Owns an MCP server that nobody's table knows: its one tool writes into a file what it was asked for. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Writes the server below `folder`; returns how it is started, and the file its tool writes to. */
export async function writeMcpShop(
  folder: string,
): Promise<{ server: { command: string; args: string[] }; orders: string }> {
  const program = join(folder, "shop.mjs");
  const orders = join(folder, "orders.txt");
  await writeFile(program, SOURCE);
  return { server: { command: process.execPath, args: [program, orders] }, orders };
}

const SOURCE = `
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
const answers = {
  initialize: ({ protocolVersion }) => ({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "shop", version: "1.0.0" } }),
  "tools/list": () => ({ tools: [{ name: "order", description: "Orders something.", inputSchema: { type: "object", properties: { what: { type: "string" } } } }] }),
  "tools/call": ({ arguments: { what } }) => {
    appendFileSync(process.argv[2], what + "\\n");
    return { content: [{ type: "text", text: "ordered " + what }] };
  },
  ping: () => ({}),
};
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const answer = answers[method];
  const said = answer === undefined ? { error: { code: -32601, message: "unknown" } } : { result: answer(params) };
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, ...said }) + "\\n");
});
`;
