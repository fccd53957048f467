import { expect } from "chai";
import { loadSodiumAead } from "../../../../src/transport/aitcp/crypto/index.js";
import { rejection } from "../../../helpers/catch-error.js";

describe("AI-TCP: the accelerator", () => {
  it("is named by the error where it is not installed", async () => {
    const load = (): Promise<unknown> => import(["sodium-native", "not-there"].join("/"));
    const error = await rejection(loadSodiumAead(load));
    expect(error.code).to.equal("M2M_PACKAGE_MISSING");
    expect(error.message).to.equal("The package sodium-native is not installed.");
    expect(error.hint).to.contain("npm install sodium-native");
  });

  it("is said not to load where its binding fails", async () => {
    const error = await rejection(loadSodiumAead(() => Promise.reject(new Error("no binding"))));
    expect(error.code).to.equal("M2M_PACKAGE_MISSING");
    expect(error.message).to.contain("does not load: Error: no binding");
  });
});
