import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { FolderLock } from "../../src/hub/folder-lock.js";
import { catchM2MError } from "../helpers/catch-error.js";

const WORKER = fileURLToPath(new URL("lock-process.ts", import.meta.url));
/** The name of the lock of a process. */
const nameOf = (pid: number, beganMs = 1): string => `lock-${pid}-${beganMs}-${randomUUID()}`;
/** Above the numbers that processes have. */
const DEAD = nameOf(4194305);

describe("the lock of a folder", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "m2m-lock-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("keeps another one out until it is released, in the same process too", () => {
    const first = new FolderLock(folder, "the place");
    const error = catchM2MError(() => new FolderLock(folder, "the place"));
    expect(error.code).to.equal("M2M_FILE_WRITE");
    expect(error.message).to.equal(`Cannot write the place: process ${process.pid} downloads into it.`);
    first.release();
    const second = new FolderLock(folder, "the place");
    // Only what is its own.
    first.release();
    expect(() => new FolderLock(folder, "the place")).to.throw();
    second.release();
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it("does not count where its process is no more, also one that had the number of this one", () => {
    for (const name of [DEAD, nameOf(process.pid), "lock", "lock-1"]) {
      writeFileSync(join(folder, name), "");
      expect(() => new FolderLock(folder, folder).release(), name).not.to.throw();
    }
    expect(readdirSync(folder).sort()).to.deep.equal(["lock", "lock-1"]);
  });

  it("counts where its process is alive, whatever dead ones stand beside it", () => {
    const living = nameOf(process.ppid);
    for (const name of [living, DEAD, nameOf(4194304)]) writeFileSync(join(folder, name), "");
    expect(catchM2MError(() => new FolderLock(folder, folder)).message).to.include(String(process.ppid));
    expect(existsSync(join(folder, living))).to.equal(true);
  });

  it("lets one in of several processes that find a dead one's at once", async () => {
    writeFileSync(join(folder, DEAD), "");
    const processes = Array.from({ length: 3 }, () =>
      spawn(process.execPath, ["--import=tsx", WORKER, folder, "200", DEAD], {
        stdio: ["ignore", "inherit", "inherit"],
      }),
    );
    const codes = await Promise.all(processes.map(async (child) => (await once(child, "exit"))[0] as number));
    expect(codes).to.deep.equal([0, 0, 0]);
  });
});
