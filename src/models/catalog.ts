import { lazily } from "../shared/lazy.js";
import { makeCatalog } from "./catalog.gen.js";

/** The cards that m2m brings along. */
export const catalog = lazily(makeCatalog);
