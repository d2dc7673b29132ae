// Writes calendar.json: what the calendar contract says, computed by Node's crypto and nothing of abstory.
//
//     node make_calendar.js > calendar.json        (first made with Node 20)
//
// The file is append-only: new cases go to the end of the lists below, old ones never change. The contract:
// h(salt, id) is the first 13 hex digits of SHA-256 over UTF-8 of salt + ":" + id, as an integer;
// below(salt, bound): the least k with 2^(52k) >= bound; the next k of h(salt, 0), h(salt, 1), ... are digits in base 2^52, the
// first one leading; a number from the largest multiple of bound on is rejected, of any other the remainder is taken;
// a block's slots: accounts sorted by name, time order within; along an account any noRepeat neighbours differ; the block gets,
// of its arrangements that keep this after the slots before it, in lexicographic order, number below(salt + "/" + block, count).
// Counting is a plain memoised recursion over what is left of each variant by name and the latest names.
const { createHash } = require("crypto");

const h = (salt, id) => BigInt("0x" + createHash("sha256").update(salt + ":" + id, "utf8").digest("hex").slice(0, 13));

const below = (salt, bound) => {
  let k = 0;
  while (1n << BigInt(52 * k) < bound) k++;
  const all = 1n << BigInt(52 * k);
  for (let counter = 0; ; ) {
    let number = 0n;
    for (let digit = 0; digit < k; digit++) number = number * (1n << 52n) + h(salt, String(counter++));
    if (number < all - (all % bound)) return number % bound;
  }
};

const counter = (noRepeat) => {
  const known = new Map();
  const ways = (left, recent) => {
    const names = Object.keys(left).sort();
    if (names.every((name) => left[name] === 0)) return 1n;
    const key = names.map((name) => left[name]).join() + "|" + recent.join();
    if (!known.has(key)) known.set(key, names.reduce((sum, name) => sum + (may(left, recent, name) ? ways(...after(left, recent, name)) : 0n), 0n));
    return known.get(key);
  };
  const may = (left, recent, name) => left[name] > 0 && !recent.includes(name);
  const after = (left, recent, name) => [{ ...left, [name]: left[name] - 1 }, noRepeat > 1 ? [...recent, name].slice(1 - noRepeat) : []];
  return { ways, may, after };
};

const draw = ({ salt, variants, accounts, no_repeat }) => {
  const names = [...variants].sort();
  const { ways, may, after } = counter(no_repeat);
  const blocks = new Map();
  for (const account of Object.keys(accounts).sort())
    accounts[account].forEach((block, at) => blocks.set(block, [...(blocks.get(block) || []), [account, at]]));
  const chosen = Object.fromEntries(Object.keys(accounts).map((account) => [account, []]));
  let count = 1n;
  for (const [block, places] of blocks) {
    let left = Object.fromEntries(names.map((name) => [name, places.length / names.length]));
    const [account, first] = places[0];
    let recent = no_repeat > 1 ? chosen[account].slice(Math.max(0, first - no_repeat + 1), first) : [];
    const all = ways(left, recent);
    let number = below(salt + "/" + block, all);
    count *= all;
    for (const [where, at] of places)
      for (const name of names.filter((name) => may(left, recent, name))) {
        const many = ways(...after(left, recent, name));
        if (number < many) {
          chosen[where][at] = name;
          [left, recent] = after(left, recent, name);
          break;
        }
        number -= many;
      }
  }
  return { count: String(count), drawn: chosen };
};

const BOUNDS = ["1", "2", "3", "10", "97", "2251799813685249", "4503599627370495", "4503599627370496", "4503599627370497", "6004799503160661", "10141204801825835211973625643009", "20282409603651670423947251286016", "13521606402434446949298167524011", "1000000000000000000000000000000000000000000000000000000000000"];
const SALTS = ["slots-w48/20261123/brand_de.1", "a", "A/0", "sticker test/7", "b", "c", "d"];

const weeks = (account, count, size) => Array.from({ length: count * size }, (_, at) => `${account}.${Math.floor(at / size) + 1}`);
const weeksOf = (before, count, size) => Array.from({ length: count * size }, (_, at) => `${before}week ${Math.floor(at / size) + 1}`);
const CALENDARS = [
  { salt: "ab/1", variants: ["control", "warm"], accounts: { de: weeks("de", 3, 4) }, no_repeat: 1 },
  { salt: "ab/2", variants: ["warm", "control"], accounts: { de: weeks("de", 3, 4) }, no_repeat: 1 },
  { salt: "ab/2", variants: ["control", "warm"], accounts: { de: weeks("de", 5, 4), fr: weeks("fr", 5, 4) }, no_repeat: 1 },
  { salt: "alternating/1", variants: ["a", "b"], accounts: { one: weeks("one", 4, 2) }, no_repeat: 2 },
  { salt: "three/1", variants: ["a", "b", "c"], accounts: { x: weeks("x", 4, 6), y: weeks("y", 4, 6) }, no_repeat: 2 },
  { salt: "three/1", variants: ["a", "b", "c"], accounts: { x: weeks("x", 4, 6), y: weeks("y", 4, 6) }, no_repeat: 3 },
  { salt: "reels-slots-w48/20261123", variants: ["none.none", "none.shop_now", "warm.none", "warm.shop_now"], accounts: { brand_de: weeks("brand_de", 4, 12), brand_fr: weeks("brand_fr", 4, 12) }, no_repeat: 2 },
  { salt: "reels-slots-w48/20261124", variants: ["none.none", "none.shop_now", "warm.none", "warm.shop_now"], accounts: { brand_fr: weeks("brand_fr", 4, 12), brand_de: weeks("brand_de", 4, 12) }, no_repeat: 3 },
  { salt: "one block/9", variants: ["a", "b", "c", "d"], accounts: { x: weeks("x", 1, 24) }, no_repeat: 1 },
  { salt: "shared/1", variants: ["a", "b"], accounts: { y: ["w1", "w1", "w2", "w2", "w2"], x: ["w1", "w2", "w1", "w2", "w2"] }, no_repeat: 1 },
  { salt: "alternate blocks/1", variants: ["a", "b"], accounts: { x: ["noon", "eve", "noon", "eve", "noon", "eve", "noon", "eve"] }, no_repeat: 1 },
  { salt: "seven/3", variants: ["g", "f", "e", "d", "c", "b", "a"], accounts: { x: weeks("x", 3, 14) }, no_repeat: 5 },
  { salt: "uneven/1", variants: ["a", "b", "c"], accounts: { x: ["p", "p", "p", "q", "q", "q", "q", "q", "q", "r", "r", "r"] }, no_repeat: 2 },
  { salt: "order-of-code-points/1", variants: ["a-b", "a.b", "a_b", "A", "a"], accounts: { "b-1": weeks("b-1", 2, 5), b: weeks("b", 2, 5), B: weeks("B", 2, 5) }, no_repeat: 2 },
  { salt: "long/1", variants: ["a", "b", "c"], accounts: { x: weeks("x", 1, 90) }, no_repeat: 2 },
  ...Array.from({ length: 24 }, (_, seed) => ({ salt: `seeds/${seed}`, variants: ["a", "b", "c"], accounts: { x: weeks("x", 2, 6) }, no_repeat: 2 })),
  // As an experiment file has it: key/calendar/seed, blocks called by their parts, times as 12.30.
  { salt: "reels-slots-w48/calendar/20261123", variants: ["none.none", "none.shop_now", "warm.none", "warm.shop_now"], accounts: { brand_de: weeksOf("brand_de, ", 4, 12), brand_fr: weeksOf("brand_fr, ", 4, 12) }, no_repeat: 2 },
  { salt: "by-time/calendar/0", variants: ["none", "shop_now"], accounts: { main: Array.from({ length: 28 }, (_, at) => (at % 2 ? "18.30" : "12.30")) }, no_repeat: 1 },
  { salt: "by-week/calendar/5", variants: ["none", "shop_now"], accounts: { de: weeksOf("", 3, 5), fr: weeksOf("", 3, 5) }, no_repeat: 1 },
];

const lines = (values) => "[\n" + values.map((value) => "  " + JSON.stringify(value)).join(",\n") + "\n ]";

process.stdout.write(`{
 "version": 1,
 "about": "salt, bound, number as text; then per calendar how many its law has, as text, and the variant of each slot. Made by make_calendar.js. Append only.",
 "numbers": ${lines(SALTS.flatMap((salt) => BOUNDS.map((bound) => [salt, bound, String(below(salt, BigInt(bound)))])))},
 "calendars": ${lines(CALENDARS.map((calendar) => ({ ...calendar, ...draw(calendar) })))}
}
`);
