import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { InputError } from "../shared/errors.js";
import { quote } from "../shared/quote.js";
import type { JsonSchema } from "./json-schema.js";
import type { Route } from "./route.js";

/** Checks what a client has sent. @throws {InputError} `M2M_REQUEST_INVALID` */
type Check = (value: unknown) => void;

export interface RouteChecks {
  readonly body?: Check;
  /** The parameters, converted to the types of their schemas. */
  readonly query?: (search: string) => unknown;
}

/** The checks of each route, from the schemas that the OpenAPI document shows. */
export function compileChecks<Services>(
  routes: readonly Route<Services>[],
): ReadonlyMap<Route<Services>, RouteChecks> {
  const bodies = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false });
  const queries = new Ajv2020({ strict: true, coerceTypes: true, validateFormats: false });
  return new Map(
    routes.map((route) => [
      route,
      {
        ...(route.body &&
          !route.bodyRaw && { body: checkOf(bodies.compile(route.body), "The body", "member") }),
        ...(route.query && { query: queryOf(queries, route.query) }),
      },
    ]),
  );
}

function queryOf(ajv: Ajv2020, parameters: Readonly<Record<string, JsonSchema>>) {
  const schema = { type: "object", properties: parameters, additionalProperties: false };
  const check = checkOf(ajv.compile(schema), "The query", "parameter");
  return (search: string): unknown => {
    // Of a parameter that is there twice the first counts.
    const query = Object.fromEntries([...new URLSearchParams(search)].reverse());
    check(query);
    return query;
  };
}

/** @param part what a whole of this kind is made of */
function checkOf(validate: ValidateFunction, whole: string, part: "member" | "parameter"): Check {
  return (value) => {
    if (validate(value)) return;
    throw invalid(validate.errors?.[0], whole, part);
  };
}

/** Says where and what, and nothing of the value: it may be long, or secret. */
function invalid(error: ErrorObject | undefined, whole: string, part: string): InputError {
  const place = error?.instancePath ? quote(error.instancePath.slice(0, 200)) : whole;
  const parameters = error?.params as { additionalProperty?: string; allowedValues?: unknown[] } | undefined;
  const name = parameters?.additionalProperty;
  const what =
    name === undefined
      ? (error?.message ?? "is not valid")
      : `must not have the ${part} ${quote(name.slice(0, 100))}`;
  const allowed = parameters?.allowedValues;
  return new InputError("M2M_REQUEST_INVALID", `${place} ${what}.`, {
    hint: allowed && `Use one of ${allowed.map(String).join(", ")}.`,
  });
}
