import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import"./parts/chunk-LQOKMFNF.js";await import("./parts/call-SZ4J7FNL.js");
