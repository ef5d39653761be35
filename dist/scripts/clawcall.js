import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import"./parts/chunk-OXNF36YO.js";await import("./parts/clawcall-UHWEDOFV.js");
