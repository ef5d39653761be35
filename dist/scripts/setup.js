import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import"./parts/chunk-27MAOMEW.js";await import("./parts/setup-2GKR7C25.js");
