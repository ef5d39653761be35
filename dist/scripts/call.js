import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import"./parts/chunk-LQOKMFNF.js";await import("./parts/call-2G5X7RD7.js");
