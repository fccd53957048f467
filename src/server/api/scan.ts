import { SEVERITIES, THREAT_CATEGORIES, type ScanResult, type Threat } from "../../security/index.js";
import { SEGMENT_CONTEXTS, type SegmentContext } from "../../shared/security-options.js";
import { count, flag, fraction, list, object, oneOf, text, type JsonSchema } from "../json-schema.js";
import { route } from "../route.js";
import type { ServerServices } from "../services.js";

interface ScanBody {
  readonly content: string;
  readonly context?: SegmentContext;
  readonly max_threats?: number;
}

const MAX_THREATS = 1000;

const THREAT_TYPE: JsonSchema = { enum: [...THREAT_CATEGORIES, null], description: "null if it is safe." };

/** What goes with everything that was scanned on the way. */
export const SECURITY_SUMMARY = object(
  { safe: flag(), score: fraction("Probability that the content is unsafe."), threat_type: THREAT_TYPE },
  {},
  "What the scan said; absent with security switched off.",
);

export function securitySummary({ safe, score, threatType }: ScanResult) {
  return { safe, score, threat_type: threatType ?? null };
}

const THREAT = object({
  id: text("Stable."),
  name: text(),
  category: oneOf(THREAT_CATEGORIES),
  severity: oneOf(SEVERITIES),
  description: text("The text around it, at most 120 characters, in one line."),
  score: fraction("Probability that the place is such a threat."),
  source: oneOf(["rule", "hydra"]),
  location: object(
    {
      pointer: text("JSON Pointer of the string; empty for the whole content."),
      offset: count("UTF-16 units."),
      length: count("UTF-16 units."),
      line: count("From 1."),
    },
    { layers: list(text(), "What had to be undone to see it.") },
  ),
});

/** The members of a scan's result. */
export const SCAN_MEMBERS = {
  safe: flag("No category reaches the threshold."),
  score: fraction("Probability that the content is unsafe."),
  threat_type: THREAT_TYPE,
  confidence: fraction("Probability that the verdict is right."),
  scores: object(Object.fromEntries(THREAT_CATEGORIES.map((name) => [name, fraction()]))),
  threats: list(THREAT, "What was found, the highest score first; also what stays below the threshold."),
  should_block: flag("The content is not safe, and the server blocks."),
};

const SCAN = route<ServerServices, ScanBody>({
  method: "POST",
  path: "/scan",
  operation: "scan",
  tag: "Security",
  summary: "Look for threats in a content.",
  body: object(
    { content: text("An LLM request, any JSON, a text, or a wire of one.") },
    {
      context: oneOf(SEGMENT_CONTEXTS, "Where all of it comes from. Default: as the content says."),
      max_threats: {
        type: "integer",
        minimum: 0,
        maximum: MAX_THREATS,
        description: "Most that are listed. Default 100.",
      },
    },
  ),
  replies: { 200: { summary: "The verdict.", schema: object(SCAN_MEMBERS) } },
  async handle({ body }, services) {
    const scanner = await services.scanner();
    const result = await scanner.scan(body.content, { context: body.context, maxThreats: body.max_threats });
    return { json: scanToJson(result, services.isBlocking) };
  },
});

export const SCAN_ROUTES = [SCAN];

export function scanToJson(result: ScanResult, isBlocking: boolean) {
  return {
    safe: result.safe,
    score: result.score,
    threat_type: result.threatType ?? null,
    confidence: result.confidence,
    scores: result.scores,
    threats: result.threats.map(threatToJson),
    should_block: isBlocking && !result.safe,
  };
}

function threatToJson({ id, name, category, severity, location, excerpt, score, source }: Threat) {
  return { id, name, category, severity, location, score, source, description: excerpt };
}
