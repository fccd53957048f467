/** undici declares its types for the whole of it only. */
declare module "undici/lib/dispatcher/pool.js" {
  import { Pool } from "undici";

  // eslint-disable-next-line no-restricted-syntax -- the module has no other
  export default Pool;
}

declare module "undici/lib/core/connect.js" {
  import { buildConnector } from "undici";

  // eslint-disable-next-line no-restricted-syntax -- the module has no other
  export default buildConnector;
}
