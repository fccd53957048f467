// mocha's spec reporter that also writes its totals, as JSON, to the file named by M2M_TEST_TOTALS.
const { writeFileSync } = require("node:fs");
const { reporters } = require("mocha");

module.exports = class TotalsReporter extends reporters.Spec {
  done(failures, finish) {
    const { passes, pending, failures: failed } = this.stats;
    const path = process.env.M2M_TEST_TOTALS;
    if (path) writeFileSync(path, JSON.stringify({ passes, pending, failures: failed }));
    finish?.(failures);
  }
};
