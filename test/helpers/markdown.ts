/** A fenced code block of a Markdown page. */
export interface CodeBlock {
  /** Words behind the opening fence: the language first. */
  readonly info: string;
  readonly code: string;
  /** 1-based line of the first line of code. */
  readonly line: number;
}

/** The fenced code blocks of `page`, in order. */
export function readCodeBlocks(page: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { info: string; line: number; lines: string[] } | undefined;
  page.split("\n").forEach((text, index) => {
    const fence = /^```(.*)$/.exec(text);
    if (!fence) open?.lines.push(text);
    else if (open) {
      blocks.push({ info: open.info, line: open.line, code: open.lines.join("\n") });
      open = undefined;
    } else open = { info: fence[1].trim(), line: index + 2, lines: [] };
  });
  if (open) throw new Error(`The code block at line ${open.line} is not closed.`);
  return blocks;
}

/** What the comments `// => …` of `code` say that it prints, one entry a `console.log`. */
export function readExpectedOutput(code: string): string[] {
  return [...code.matchAll(/\/\/ => (.*)$/gm)].map((match) => match[1].trim());
}
