import { MappedTextBuilder, type MappedText } from "./mapped-text.js";

/** Parameters and intermediates of a control sequence; those in use have fewer. */
const MAX_CONTROL_UNITS = 64;

/**
 * `text` without the control sequences of terminals (ECMA-48 section 5.4), which nobody sees: colours, emphasis, moves of the
 * cursor. `undefined` if there is none.
 */
export function cutControls(text: string): MappedText | undefined {
  let out: MappedTextBuilder | undefined;
  let copied = 0;
  for (let at = text.indexOf("\x1b["); at !== -1;) {
    const end = controlEnd(text, at);
    if (end > at) {
      out ??= new MappedTextBuilder(text);
      out.copy(copied, at);
      copied = end;
    }
    at = text.indexOf("\x1b[", Math.max(end, at + 1));
  }
  out?.copy(copied, text.length);
  return out?.finish();
}

/** Behind the control sequence whose two opening units are at `at`: parameters and intermediates, then a final unit; `at` if it is none. */
function controlEnd(text: string, at: number): number {
  for (let i = at + 2; i < at + MAX_CONTROL_UNITS; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x40 && unit <= 0x7e) return i + 1;
    if (!(unit >= 0x20 && unit < 0x40)) break;
  }
  return at;
}
