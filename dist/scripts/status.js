import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import"./parts/chunk-27MAOMEW.js";await import("./parts/status-UD4MDL5Q.js");
