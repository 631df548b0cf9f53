// The files of a zip archive as `curriculum-rl export` writes it: stored or deflated, with a comment of known length.

import { inflated } from './platform.mjs';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;

/**
 * @param {Uint8Array} bytes of the archive
 * @param {number} comment bytes of its comment
 * @param {number} most bytes that all files together may unpack to
 * @returns {Promise<Map<string, Uint8Array>>} name -> content
 * @throws {RangeError} it is not such an archive
 */
export async function unzip(bytes, comment, most) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - comment - END_BYTES;
  if (view.getUint32(end, true) !== END) throw new RangeError('it has no end of an archive');
  const files = new Map();
  let at = view.getUint32(end + 16, true);
  let left = most;
  for (let i = view.getUint16(end + 10, true); i > 0; i -= 1) {
    const entry = entryAt(view, bytes, at);
    left -= entry.size;
    if (left < 0) throw new RangeError(`it unpacks to more than ${most} bytes`);
    if (files.has(entry.name)) throw new RangeError(`it holds ${entry.name} twice`);
    files.set(entry.name, await content(entry));
    at = entry.next;
  }
  return files;
}

function entryAt(view, bytes, at) {
  if (view.getUint32(at, true) !== ENTRY) throw new RangeError('its list of files is damaged');
  const name = view.getUint16(at + 28, true);
  const next = at + ENTRY_BYTES + name + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  const local = view.getUint32(at + 42, true);
  const start = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const packed = bytes.subarray(start, start + view.getUint32(at + 20, true));
  return {
    name: new TextDecoder().decode(bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + name)),
    method: view.getUint16(at + 10, true),
    size: view.getUint32(at + 24, true),
    packed,
    next,
  };
}

async function content({ name, method, size, packed }) {
  if (method !== STORED && method !== DEFLATED) throw new RangeError(`${name}: compressed in a way not known here`);
  const whole = method === STORED ? packed : await inflated(packed, size);
  if (whole.length !== size) throw new RangeError(`${name}: unpacks to ${whole.length} bytes instead of ${size}`);
  return whole;
}
