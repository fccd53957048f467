import { expect } from "chai";
import {
  DEFAULT_BLOCK_THRESHOLD,
  DETECTORS,
  HYDRA_DEVICES,
  THREAT_CATEGORIES,
} from "../../src/security/index.js";
import {
  CATEGORY_NAMES,
  DEFAULT_THRESHOLD,
  DETECTOR_NAMES,
  DEVICE_NAMES,
} from "../../src/shared/security-options.js";

describe("the options of the scanner that settings and flags name", () => {
  it("are those of the scanner", () => {
    expect(DETECTOR_NAMES).to.deep.equal(DETECTORS);
    expect(DEVICE_NAMES).to.deep.equal(["native", ...HYDRA_DEVICES]);
    expect(CATEGORY_NAMES).to.deep.equal(THREAT_CATEGORIES);
    expect(DEFAULT_THRESHOLD).to.equal(DEFAULT_BLOCK_THRESHOLD);
  });
});
