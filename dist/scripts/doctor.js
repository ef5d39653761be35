import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import"./parts/chunk-27MAOMEW.js";await import("./parts/doctor-Z5B3JO56.js");
