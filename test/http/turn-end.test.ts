import { expect } from "chai";
import { TurnEnd } from "../../src/http/index.js";

/** When the callbacks of this turn of the event loop are over. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the end of a turn", () => {
  it("comes behind all that the turn still does, and does its tasks in order", async () => {
    const done: string[] = [];
    const end = new TurnEnd();
    end.add(() => done.push("first"));
    end.add(() => done.push("second"));
    process.nextTick(() => done.push("tick"));
    await Promise.resolve().then(() => done.push("microtask"));
    expect(done).to.not.include("first");
    await nextTurn();
    expect(done.toSorted()).to.deep.equal(["first", "microtask", "second", "tick"]);
    expect(done.slice(2)).to.deep.equal(["first", "second"]);
  });

  it("does each task once, whoever asks for it first", async () => {
    const done: number[] = [];
    const end = new TurnEnd();
    end.add(() => done.push(1));
    end.flush();
    expect(done).to.deep.equal([1]);
    end.flush();
    end.add(() => done.push(2));
    await nextTurn();
    await nextTurn();
    expect(done).to.deep.equal([1, 2]);
  });

  it("takes tasks while it does others", async () => {
    const done: number[] = [];
    const end = new TurnEnd();
    end.add(() => {
      done.push(1);
      end.add(() => done.push(2));
    });
    await nextTurn();
    await nextTurn();
    expect(done).to.deep.equal([1, 2]);
  });

  it("is not waited for by many", () => {
    const done: number[] = [];
    const end = new TurnEnd();
    for (let task = 0; task < 20; task++) end.add(() => done.push(task));
    expect(done).to.deep.equal(Array.from({ length: 16 }, (_, task) => task));
    end.flush();
    expect(done).to.have.lengthOf(20);
  });
});
