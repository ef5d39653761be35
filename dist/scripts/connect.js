import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import"./parts/chunk-LQOKMFNF.js";await import("./parts/connect-O6TR3R7B.js");
