// node and ajv with the schema that `chat-validate --schema` prints:
//   validate_ajv.js SCHEMA FILE [--verdicts]
// Prints how many lines are messages, or with --verdicts a 1 or a 0 for each.
'use strict';
const fs = require('fs');
const path = require('path');
const Ajv = require(require.resolve('ajv/dist/2020', { paths: [process.env.CHAT_PEERS || path.dirname(__dirname)] }));

const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: true })
  .compile(JSON.parse(fs.readFileSync(process.argv[2], 'utf8')));

function isMessage(line) {
  try {
    return validate(JSON.parse(line));
  } catch {
    return false;
  }
}

const verdicts = [];
let good = 0, bad = 0, rest = '';
const decoder = new (require('string_decoder').StringDecoder)('utf8');
const block = Buffer.alloc(1 << 20);
const fd = fs.openSync(process.argv[3], 'r');
function take(line) {
  const is = isMessage(line);
  if (is) good++; else bad++;
  if (process.argv[4]) verdicts.push(is ? '1' : '0');
}
for (let got; (got = fs.readSync(fd, block)) > 0;) {
  const lines = (rest + decoder.write(block.subarray(0, got))).split('\n');
  rest = lines.pop();
  lines.forEach(take);
}
if (rest) take(rest);
console.log(process.argv[4] ? verdicts.join('\n') : `${good} ${bad}`);
