// schema-lines.js COUNT SEED FILE…: lines made of those of the files by chance, the same for the same seed:
// members changed, moved, doubled or taken away, values of other kinds, and now and then a broken byte.
'use strict';
const fs = require('fs');
const [count, seed, ...files] = process.argv.slice(2);
let state = BigInt(seed) * 0x9E3779B97F4A7C15n & 0xFFFFFFFFFFFFFFFFn;

function below(limit) {
  state ^= state << 13n & 0xFFFFFFFFFFFFFFFFn;
  state ^= state >> 7n;
  state ^= state << 17n & 0xFFFFFFFFFFFFFFFFn;
  return Number((state >> 11n) % BigInt(limit));
}
const pick = list => list[below(list.length)];

const values = [0, 1, -1, 1.5, 1e3, 2 ** 53, '', 'a', 'abc', 'aGk=', '***', 'é', '😀😀😀', 'a'.repeat(20), 'a'.repeat(21),
  'ж'.repeat(20), '😀'.repeat(21), 'x'.repeat(1000), 'x'.repeat(1001), '😀'.repeat(1000), 'line\n', '\u007f', 'a-b', 'a_b',
  true, false, null, [], {}, [[]], [{}], 'message', 'text', 'init', 'hidden', { omitted: true }, { name: 'a' }];
const keys = ['type', 'id', 'username', 'text', 'file', 'name', 'size', 'data', 'sender', 'content', 'timestamp', 'code',
  'message', 'users', 'online', 'lastActive', 'userId', 'messages', 'omitted', 'nonce', 'x', 'presence', 'channel'];
const bytes = ['"', '\\', '{', '}', '[', ']', ',', ':', ' ', '0', '-', '.', 'e', '1', 'true', '\u0001', '\\u0041', '\\n', '=', 'é'];

const seeds = files.map(file => fs.readFileSync(file, 'utf8')).filter(text => text.length < 3000)
  .flatMap(text => { try { return [JSON.parse(text)]; } catch { return []; } })
  .filter(value => value && typeof value === 'object');

// An object or array somewhere inside.
function inside(value) {
  const inner = Object.values(value).filter(v => v && typeof v === 'object');
  return inner.length && below(2) ? inside(pick(inner)) : value;
}

function change(value) {
  const at = inside(value), present = Object.keys(at);
  const key = present.length && below(4) ? pick(present) : pick(keys);
  switch (below(4)) {
    case 0: Array.isArray(at) ? at.pop() : delete at[key]; break;
    case 1: Array.isArray(at) ? at.push(structuredClone(pick(values))) : at[key] = structuredClone(pick(values)); break;
    case 2: Array.isArray(at) ? at.push(structuredClone(pick(seeds))) : at[pick(keys)] = structuredClone(at[key]); break;
    default: Array.isArray(at) || (at[key] = structuredClone(pick(values)));
  }
  return value;
}

function line() {
  let value = structuredClone(pick(seeds));
  for (let times = below(3); times > 0; times--) value = change(value);
  let text = JSON.stringify(value);
  if (below(10) === 0) text = text.replace(/[,:]/g, '$& ');
  if (below(10) === 0) text = text.replace(/[^\x20-\x7e]/g, c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
  if (below(10) === 0) {
    const at = below(text.length);
    text = text.slice(0, at) + pick(bytes) + text.slice(at + below(2));
  }
  return text.replace(/\n/g, ' ');
}

let out = '';
for (let i = 0; i < Number(count); i++) {
  out += line() + '\n';
  if (out.length > 1 << 20) {
    fs.writeSync(1, out);
    out = '';
  }
}
fs.writeSync(1, out);
