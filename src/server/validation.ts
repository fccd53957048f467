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
        ...(route.body && !route.bodyRaw && { body: checkOf(bodies.compile(route.body), "The body") }),
        ...(route.query && { query: queryOf(queries, route.query) }),
      },
    ]),
  );
}

function queryOf(ajv: Ajv2020, parameters: Readonly<Record<string, JsonSchema>>) {
  const check = checkOf(ajv.compile({ type: "object", properties: parameters }), "The query");
  const names = Object.keys(parameters);
  return (search: string): unknown => {
    const given = new URLSearchParams(search);
    const query = Object.fromEntries(
      names.flatMap((name) => {
        const value = given.get(name);
        return value === null ? [] : [[name, value]];
      }),
    );
    check(query);
    return query;
  };
}

function checkOf(validate: ValidateFunction, whole: string): Check {
  return (value) => {
    if (validate(value)) return;
    throw invalid(validate.errors?.[0], whole);
  };
}

/** Says where and what, and nothing of the value: it may be long, or secret. */
function invalid(error: ErrorObject | undefined, whole: string): InputError {
  const place = error?.instancePath ? quote(error.instancePath.slice(0, 200)) : whole;
  const parameters = error?.params as { additionalProperty?: string; allowedValues?: unknown[] } | undefined;
  const name = parameters?.additionalProperty;
  const what =
    name === undefined
      ? (error?.message ?? "is not valid")
      : `must not have the member ${quote(name.slice(0, 100))}`;
  const allowed = parameters?.allowedValues;
  return new InputError("M2M_REQUEST_INVALID", `${place} ${what}.`, {
    hint: allowed && `Use one of ${allowed.map(String).join(", ")}.`,
  });
}
