import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import"./parts/chunk-LQOKMFNF.js";await import("./parts/practice-O227QMZB.js");
