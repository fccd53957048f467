import { expect } from "chai";
import { findConversations } from "./conversations.js";

const say = (role: string, content: string) => ({ role, content });
const [U1, A1, U2, A2, U3] = [
  say("user", "Hello"),
  say("assistant", "Hello! How can I help?"),
  say("user", "What time is it?"),
  say("assistant", "Noon."),
  say("user", "Thanks"),
];

function request(messages: unknown[], source = "owner/name:a.yaml", member = "messages") {
  return { text: JSON.stringify({ model: "gpt-4o", [member]: messages }), source };
}

describe("conversations of a corpus", () => {
  it("are requests that go on where another ended, in order of their turns", () => {
    const [first, second, third] = [request([U1]), request([U1, A1, U2]), request([U1, A1, U2, A2, U3])];
    expect(findConversations([third, first, second])).to.deep.equal([[first, second, third]]);
  });

  it("are found in each kind of request", () => {
    for (const member of ["messages", "input", "contents"]) {
      const turns = [request([U1], "o/n:a", member), request([U1, A1, U2], "o/n:a", member)];
      expect(findConversations(turns), member).to.deep.equal([turns]);
    }
    expect(findConversations([request([U1], "o/n:a", "input"), request([U1, A1], "o/n:a")])).to.be.empty;
  });

  it("are none if a message differs, none was added, or the repository is another", () => {
    expect(findConversations([request([U1]), request([say("user", "Hello!"), A1, U2])])).to.be.empty;
    expect(findConversations([request([U1]), request([U1])])).to.be.empty;
    expect(findConversations([request([U1]), request([U1, A1, U2], "owner/other:a.yaml")])).to.be.empty;
  });

  it("go on once: the longest request before it, of its own source if it can choose", () => {
    const [short, long] = [request([U1]), request([U1, A1])];
    const last = request([U1, A1, U2]);
    expect(findConversations([short, long, last])).to.deep.equal([[short, long, last]]);
    const elsewhere = request([U1, A1], "owner/name:b.yaml");
    expect(findConversations([elsewhere, long, last])).to.deep.equal([[long, last]]);
    expect(findConversations([long, last, request([U1, A1, U2, A2])])).to.have.lengthOf(1);
    const [one, other] = [request([U1, A1, U2]), request([U1, A1, U3])];
    expect(findConversations([long, one, other])).to.deep.equal([[long, one]]);
  });

  it("pass over what has no history", () => {
    const texts = ["", "[]", "null", "{", '{"messages":[]}', '{"input":["a"]}', '{"messages":"Hello"}'];
    const longer = { text: '{"input":["a","b"]}' };
    expect(findConversations([...texts.map((text) => ({ text })), longer])).to.be.empty;
  });
});
