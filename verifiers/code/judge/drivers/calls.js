// Runs inside the sandbox beside the judged program: calls its functions with the arguments on descriptor 3 and writes what they return to
// descriptor 4, as drivers/calls.py does for Python; encoding in judge/value.h. Everything used after the program has started is kept here
// before it starts.
(() => {
  'use strict';
  const fs = require('fs');
  const vm = require('vm');
  const call = Function.prototype.call;
  const bound = (method) => call.bind(method);
  const {writeSync, readSync} = fs;
  const exit = process.reallyExit.bind(process);
  const {isArray} = Array;
  const {isInteger, isNaN: isNotNumber} = Number;
  const {keys: keysOf, getPrototypeOf} = Object;
  const {alloc, from, concat, byteLength} = Buffer;
  const toDecimal = bound(BigInt.prototype.toString);
  const compare = Buffer.compare;
  const sort = bound(Array.prototype.sort);
  const forEachInSet = bound(Set.prototype.forEach);
  const forEachInMap = bound(Map.prototype.forEach);
  const types = require('util').types;
  const {isMap, isSet, isTypedArray} = types;
  const Big = BigInt;
  const Str = String;
  const kMaxDepth = 64;
  const kMaxBytes = 1 << 20;
  const plainPrototype = Object.prototype;

  class TooBig {
    constructor(what) { this.what = what; }
  }

  const length32 = (tag, length) => {
    const head = alloc(5);
    head[0] = tag.charCodeAt(0);
    head.writeUInt32LE(length, 1);
    return head;
  };
  const textPart = (tag, text) => {
    const bytes = from(text, 'utf8');
    return concat([length32(tag, bytes.length), bytes]);
  };
  const tagOnly = (tag) => from(tag, 'latin1');

  // A number that is a whole number is an integer: the language has no other kind.
  const encodeNumber = (value) => {
    if (isInteger(value)) return textPart('I', toDecimal(Big(value)));
    const bytes = alloc(9);
    bytes[0] = 70;
    bytes.writeDoubleLE(value, 1);
    return bytes;
  };

  const encodeItems = (tag, count, parts) => {
    const joined = concat([length32(tag, count), ...parts]);
    if (joined.length > kMaxBytes) throw new TooBig('a value of more than 1 MiB');
    return joined;
  };

  const encode = (value, depth) => {
    if (depth > kMaxDepth) throw new TooBig('nested deeper than 64');
    if (value === null || value === undefined) return tagOnly('N');
    const kind = typeof value;
    if (kind === 'boolean') return from([66, value ? 1 : 0]);
    if (kind === 'number') return encodeNumber(value);
    if (kind === 'bigint') return textPart('I', toDecimal(value));
    if (kind === 'string') return textPart('S', value);
    if (kind !== 'object') return textPart('O', kind);
    const parts = [];
    let count = 0;
    if (isArray(value) || isTypedArray(value)) {
      const length = value.length;
      for (; count < length; ++count) parts[count] = encode(value[count], depth + 1);
      return encodeItems('L', count, parts);
    }
    if (isSet(value)) {
      forEachInSet(value, (item) => { parts[count++] = encode(item, depth + 1); });
      sort(parts, compare);
      return encodeItems('E', count, parts);
    }
    if (isMap(value)) {
      forEachInMap(value, (item, key) => {
        parts[2 * count] = encode(key, depth + 1);
        parts[2 * count + 1] = encode(item, depth + 1);
        ++count;
      });
      return encodeItems('D', count, parts);
    }
    const prototype = getPrototypeOf(value);
    if (prototype === plainPrototype || prototype === null) {
      const names = keysOf(value);
      for (; count < names.length; ++count) {
        parts[2 * count] = textPart('S', names[count]);
        parts[2 * count + 1] = encode(value[names[count]], depth + 1);
      }
      return encodeItems('D', count, parts);
    }
    return textPart('O', 'object');
  };

  const decode = (bytes) => {
    let at = 0;
    const length = () => { at += 4; return bytes.readUInt32LE(at - 4); };
    const text = () => { const count = length(); at += count; return bytes.toString('utf8', at - count, at); };
    const read = () => {
      const tag = Str.fromCharCode(bytes[at++]);
      switch (tag) {
        case 'N': return null;
        case 'B': return bytes[at++] === 1;
        case 'I': {
          const digits = text();
          const number = Number(digits);
          return Number.isSafeInteger(number) ? number : Big(digits);
        }
        case 'F': at += 8; return bytes.readDoubleLE(at - 8);
        case 'S': return text();
        case 'Y': { const count = length(); at += count; return bytes.subarray(at - count, at); }
        case 'L': case 'T': { const items = []; for (let n = length(); n > 0; --n) items.push(read()); return items; }
        case 'E': { const items = new Set(); for (let n = length(); n > 0; --n) items.add(read()); return items; }
        case 'D': {
          const result = {};
          for (let n = length(); n > 0; --n) {
            const key = read();
            Object.defineProperty(result, key, {value: read(), enumerable: true, writable: true, configurable: true});
          }
          return result;
        }
        default: throw new Error('unknown tag');
      }
    };
    return read();
  };

  const readAll = (descriptor) => {
    const parts = [];
    for (;;) {
      const part = alloc(1 << 16);
      const count = readSync(descriptor, part, 0, part.length, null);
      if (count === 0) return concat(parts);
      parts.push(part.subarray(0, count));
    }
  };

  const exception = (error) => {
    let name = 'Error';
    let message = '';
    try {
      name = Str(error && error.name !== undefined ? error.name : typeof error).slice(0, 60);
      message = Str(error && error.message !== undefined ? error.message : error).slice(0, 300);
    } catch (again) {
      message = 'an error that cannot be described';
    }
    return concat([length32('T', 3), textPart('S', 'X'), length32('L', 1), textPart('S', name), textPart('S', message)]);
  };

  const send = (nonce, index, payload) => {
    const head = alloc(8);
    head.writeUInt32LE(index, 0);
    head.writeUInt32LE(payload.length, 4);
    let frame = concat([nonce, head, payload]);
    while (frame.length > 0) frame = frame.subarray(writeSync(4, frame));
  };
  const value = (result) => concat([length32('T', 2), textPart('S', 'V'), encode(result, 1)]);

  const [, firstNonce, calls] = decode(readAll(3));
  const exported = {exports: {}};
  const find = (path) => {
    const parts = path.split('.');
    let found;
    try {
      found = vm.runInThisContext(parts[0]);
    } catch (error) {
      found = exported.exports[parts[0]];
      if (found === undefined) {
        let solution;
        try { solution = vm.runInThisContext('Solution'); } catch (again) { throw error; }
        const instance = new solution();
        return (...args) => instance[parts[0]](...args);
      }
    }
    let owner;
    for (let i = 1; i < parts.length; ++i) {
      owner = typeof found === 'function' && /^class\b/.test(Function.prototype.toString.call(found)) ? new found() : found;
      found = owner[parts[i]];
    }
    return owner === undefined ? found : (...args) => found.apply(owner, args);
  };

  try {
    globalThis.module = exported;
    globalThis.exports = exported.exports;
    globalThis.require = require;
    vm.runInThisContext(fs.readFileSync(process.argv[2], 'utf8'), {filename: 'solution.js'});
  } catch (error) {
    send(firstNonce, 0, exception(error));
    exit(0);
  }
  send(firstNonce, 0, value(null));
  let index = 0;
  for (const [nonce, target, args] of calls) {
    ++index;
    let payload;
    try {
      payload = value(find(target)(...args));
    } catch (error) {
      if (error instanceof TooBig) {
        payload = concat([length32('T', 3), textPart('S', 'X'), length32('L', 1), textPart('S', 'TooBig'), textPart('S', error.what)]);
      } else {
        payload = exception(error);
      }
    }
    send(nonce, index, payload);
  }
  exit(0);
})();
