// Writes assignment.json: what the assignment contract says, computed by Node's crypto and nothing of abstory.
//
//     node make_assignment.js > assignment.json        (first made with Node 20)
//
// The file is append-only: new cases go to the end of the lists below, old ones never change. The contract:
// h(salt, id) is the first 13 hex digits of SHA-256 over UTF-8 of salt + ":" + id, as an integer;
// traffic is h(key + "/traffic", id) % 10000 < share in basis points;
// the variant is h(key + "/variant", id) % total weight into cumulative weights, variants sorted by name.
const { createHash } = require("crypto");

const h = (salt, id) => BigInt("0x" + createHash("sha256").update(salt + ":" + id, "utf8").digest("hex").slice(0, 13));

const range = (n, f) => Array.from({ length: n }, (_, i) => f(i));

const STRANGE = [
  "a", "A", "0", "00", "7", "7.0", "1e3", "-5", "007", " ", "  ", " a", "a ", "a\u00a0", "\u3000", "null", "undefined", "NaN", "None", "true",
  "00000000-0000-0000-0000-000000000000", "550e8400-e29b-41d4-a716-446655440000", "550E8400-E29B-41D4-A716-446655440000",
  ":", "::", "a:b", ":a", "a:", "variant:1", "/", "../x", "a/b", "\\", "\\u0041", "'", "''", "\"", "'; DROP TABLE exposures; --", "%", "%s", "{}", "${x}", "`",
  "=1+1", "@x", "+49 151 234", "me@example.com", "a,b", "a;b", "a|b", "<b>", "&amp;", "#", "?", "*",
  "\u0000", "a\u0000", "\u0000a", "a\u0000b", "\u0001", "\u0007", "\b", "\t", "\n", "\r", "\r\n", "a\nb", "\u001b[31m", "\u007f", "\u0080", "\u0085", "\u009f",
  "\u00ad", "\u200b", "a\u200bb", "\u200e", "\u202e", "abc\u202ecba", "\u2028", "\u2066x\u2069", "\ufeff", "\ufeffa", "\ufffd", "\ufffe", "\uffff",
  "\u00e9", "e\u0301", "\u00c5", "A\u030a", "\u212b", "\ufb01", "fi", "\u1e9b\u0323", "\u1e69", "s\u0323\u0307", "\u00df", "ss", "\u0130", "i\u0307", "\u0131",
  "\u03a3", "\u03c3", "\u03c2", "\u0416", "\u5f20\u4e09", "\u7528\u6237-1", "\u30e6\u30fc\u30b6\u30fc", "\uff76\uff9e", "\u30ac", "\u0645\u0633\u062a\u062e\u062f\u0645", "\u05d0\u05d1", "\u0939\u093f\u0928\u094d\u0926\u0940", "\u0e44\u0e17\u0e22", "\ud55c\uae00", "\u1112\u1161\u11ab",
  "\u{1f600}", "\u{1f44d}\u{1f3fd}", "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}", "\u{1f1e9}\u{1f1ea}", "\u2764", "\u2764\ufe0f", "1\ufe0f\u20e3", "\u{10ffff}", "\u{1d4d0}", "\u{20000}",
  "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615", "4503599627370495", "4503599627370496",
];

const LONG = [
  "x".repeat(255), "x".repeat(256), "\u00e9".repeat(128), "\u20ac".repeat(85) + "x", "\u{1f600}".repeat(64), "\u0000".repeat(256), " ".repeat(256), "0".repeat(256),
  "x".repeat(54), "x".repeat(55), "x".repeat(56), "x".repeat(63), "x".repeat(64), "x".repeat(65), "x".repeat(119), "x".repeat(120), "x".repeat(128),
];

const SALTS = ["launch-cta-w48/traffic", "launch-cta-w48/variant", "a", "exp1", "exp12", "story-creative", "x/holdout"];

const buckets = [];
for (const [i, id] of [...STRANGE, ...LONG].entries())
  for (const salt of [SALTS[0], SALTS[1], SALTS[2 + (i % 5)]]) buckets.push([salt, id, Number(h(salt, id))]);
for (const salt of SALTS) for (const id of range(20, String)) buckets.push([salt, id, Number(h(salt, id))]);
for (const id of ["23", "3"]) for (const salt of ["exp1", "exp12"]) buckets.push([salt, id, Number(h(salt, id))]);

const EXPERIMENTS = [
  { key: "launch-cta-w48", share: 10000, variants: { control: 1, shop: 1 } },
  { key: "launch-cta-w49", share: 4000, variants: { control: 2, "warm-shop": 1 } },
  { key: "uneven", share: 10000, variants: { zeta: 1, control: 7, alpha: 92, "b.12s": 900 } },
  { key: "one-in-ten-thousand", share: 1, variants: { a: 1, b: 1 } },
  { key: "nobody", share: 0, variants: { a: 1, b: 1 } },
  { key: "all-but-one", share: 9999, variants: { a: 1, b: 1, c: 1 } },
  { key: "heavy", share: 10000, variants: { a: 1000000, b: 999999, c: 1 } },
  { key: "cells", share: 3333, variants: { "none.15s.none": 1, "none.15s.shop_now": 1, "none.12s.none": 1, "none.12s.shop_now": 1, "warm.15s.none": 1, "warm.15s.shop_now": 1, "warm.12s.none": 1, "warm.12s.shop_now": 1 } },
  { key: "sorted_by-code-point", share: 10000, variants: { "a-b": 1, "a.b": 1, a_b: 1, a0: 1, ab: 1, a: 1 } },
];

const VIEWERS = [...STRANGE, ...LONG, ...range(100, String), ...range(50, (i) => "v_" + String(i).padStart(12, "0")), ...range(50, (i) => "user-" + 2 * i)];

const assign = (experiment, id) => {
  if (h(experiment.key + "/traffic", id) % 10000n >= BigInt(experiment.share)) return null;
  // Names are ASCII, so JavaScript's order of UTF-16 units is the order of code points.
  const names = Object.keys(experiment.variants).sort();
  const total = names.reduce((sum, name) => sum + experiment.variants[name], 0);
  let draw = Number(h(experiment.key + "/variant", id) % BigInt(total));
  for (const name of names) if ((draw -= experiment.variants[name]) < 0) return name;
};

const experiments = EXPERIMENTS.map((e) => ({ ...e, assigned: VIEWERS.map((id) => assign(e, id)) }));

// ASCII only, so that no editor, checkout or reader can change an id.
const ascii = (value) => JSON.stringify(value).replace(/[\u007f-\uffff]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
const lines = (values) => "[\n" + values.map((value) => "  " + ascii(value)).join(",\n") + "\n ]";

process.stdout.write(`{
 "version": 1,
 "about": "salt, id, hash; then per experiment the variant (or null) of each viewer in turn. Made by make_assignment.js. Append only.",
 "buckets": ${lines(buckets)},
 "viewers": ${lines(VIEWERS)},
 "experiments": ${lines(experiments)}
}
`);
