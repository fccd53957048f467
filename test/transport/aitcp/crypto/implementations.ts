import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { loadSodiumAead, nodeAead, type Aead } from "../../../../src/transport/aitcp/crypto/index.js";

/** Every implementation of the AEAD that can be had here. One that needs a package skips its test without it. */
export const AEADS: readonly { name: string; load(test: Mocha.Context): Promise<Aead> }[] = [
  { name: "node:crypto", load: () => Promise.resolve(nodeAead()) },
  {
    name: "sodium-native",
    load: (test) => {
      const path = sodiumPath() ?? test.skip();
      return loadSodiumAead(() => import(path) as Promise<unknown>);
    },
  },
];

/** Where sodium-native is: installed here, or in the folder that `M2M_SODIUM` names. */
function sodiumPath(): string | undefined {
  const folder = process.env.M2M_SODIUM;
  if (folder !== undefined && !existsSync(folder)) throw new Error(`There is no folder ${folder}`);
  try {
    return createRequire(folder === undefined ? import.meta.url : `${folder}/`).resolve("sodium-native");
  } catch {
    return undefined;
  }
}
