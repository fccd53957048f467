import { lazily } from "../shared/lazy.js";
import { freezeCard } from "./card.js";
import { makeCatalog } from "./catalog.gen.js";

/** The cards that m2m brings along. All registries have the same ones, so nobody may change them. */
export const catalog = lazily(() => Object.freeze(makeCatalog().map(freezeCard)));
