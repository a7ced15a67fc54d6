// A headless Chromium for our own page alone.
import { chromium } from "playwright-core";

// Chromium's own sandbox needs rights that root in a container lacks; only our own page is opened. No name resolves.
const ARGUMENTS = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];

export const launched = (executablePath) => chromium.launch({ executablePath, args: ARGUMENTS });
