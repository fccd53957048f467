export { PAYLOAD_CHECKS } from "./checks.js";
export { checkCharacters } from "./characters.js";
export { checkPayload, inspectPayload, type InspectedPayload } from "./inspect.js";
export {
  nodeText,
  pointerToken,
  readJsonTree,
  type JsonNode,
  type ObjectNode,
  type StringNode,
} from "./json-tree.js";
export type { PayloadCheck, PayloadFinding } from "./types.js";
export { isWire, openWires, textOf, type WireOptions } from "./wires.js";
