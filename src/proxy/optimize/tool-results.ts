import { TOKEN } from "../../shared/json-scanner.js";
import type { ProviderApi } from "../providers/index.js";
import { memberOf, type OutlineNode, stringOf } from "./outline.js";

/** A string in which a tool told its result. */
export interface ToolResult {
  /** JSON Pointer (RFC 6901) to the string. */
  readonly pointer: string;
  readonly node: OutlineNode;
}

/**
 * What tools told, in the order of the request; marked for the provider's cache or not: a client moves its marks from turn to turn,
 * and what was shortened, or was not, has to stay so.
 */
export function findToolResults(api: ProviderApi, text: string, root: OutlineNode): ToolResult[] {
  switch (api) {
    case "openai-chat":
      return itemsOf(root, "messages").flatMap(({ node, pointer }) => {
        const role = stringOf(text, memberOf(node, "role"));
        return role === "tool" || role === "function" ? contentOf(text, node, "content", pointer) : [];
      });
    case "openai-responses":
      return itemsOf(root, "input").flatMap(({ node, pointer }) => {
        const type = stringOf(text, memberOf(node, "type"));
        return type === "function_call_output" || type === "custom_tool_call_output"
          ? contentOf(text, node, "output", pointer)
          : [];
      });
    case "anthropic-messages":
      return itemsOf(root, "messages").flatMap(({ node: message, pointer: messagePointer }) =>
        itemsOf(message, "content", messagePointer).flatMap(({ node, pointer }) =>
          stringOf(text, memberOf(node, "type")) === "tool_result"
            ? contentOf(text, node, "content", pointer)
            : [],
        ),
      );
    case "openai-completions":
    case "openai-embeddings":
    case "other":
      return [];
  }
}

/** The string that a member is, or the texts of the parts that it lists. */
function contentOf(text: string, owner: OutlineNode, name: string, pointer: string): ToolResult[] {
  const content = memberOf(owner, name);
  if (content?.token === TOKEN.STRING) return [{ pointer: `${pointer}/${name}`, node: content }];
  return itemsOf(owner, name, pointer).flatMap(({ node, pointer: part }) => {
    const type = stringOf(text, memberOf(node, "type"));
    const words = memberOf(node, "text");
    if (type !== "text" && type !== "input_text" && type !== "output_text") return [];
    return words?.token === TOKEN.STRING ? [{ pointer: `${part}/text`, node: words }] : [];
  });
}

/** The objects in the array that a member is. */
function itemsOf(owner: OutlineNode, name: string, pointer = ""): ToolResult[] {
  const list = memberOf(owner, name);
  if (list?.token !== TOKEN.OPEN_ARRAY) return [];
  return list.items
    .map((node, at) => ({ node, pointer: `${pointer}/${name}/${at}` }))
    .filter(({ node }) => node.token === TOKEN.OPEN_OBJECT);
}
