/** A process of its own for the store's test: opens the store and writes texts. */
import { closeStore, openStore } from "../../plugin/store/database.ts";
import { receiveText } from "../../plugin/store/inbox.ts";

const [stateFolder = "", name = "", count = "0"] = process.argv.slice(2);
const store = await openStore(stateFolder);
for (let index = 0; index < Number(count); index += 1) {
  await receiveText(store, { line: "a", messageId: `${name}-${index}`, from: "+15550001111", body: "Hello" });
}
await closeStore(store);
