import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import"./parts/chunk-IRZGXAY5.js";await import("./parts/connect-Z7M43TY4.js");
