export {
  apiOf,
  dialectOf,
  PROVIDER_APIS,
  type Dialect,
  type ProviderApi,
  type RequestHeaders,
} from "./api.js";
export { ANONYMOUS, clientKeyOf, CREDENTIAL_HEADERS, shownKeysOf } from "./client-key.js";
export { countUsage, outputTextOf, type CountedRequest } from "./count-usage.js";
export { errorBody, errorEvent, type ApiFailure } from "./failure.js";
export {
  findMembers,
  parseSlice,
  readMembers,
  skipWhitespace,
  type ByteSlice,
  type FoundMembers,
} from "./json-members.js";
export { isFreeRequest } from "./free-requests.js";
export { injectIncludeUsage, readRequestHead, type RequestHead } from "./request-head.js";
export { isSuccess } from "./success.js";
export { readResponse, readUsage, usageCostUsd, type ResponseFacts, type Usage } from "./usage.js";
export { UsageMeter, type StreamMark } from "./usage-meter.js";
