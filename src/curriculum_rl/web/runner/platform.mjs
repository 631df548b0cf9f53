// What a browser and Node (from 18 on) do each in their own way: SHA-256, and unpacking what is deflated.

import { InvalidInput } from './invalid.mjs';

const inNode = Boolean(globalThis.process?.versions?.node);
const subtle = inNode ? (await import('node:crypto')).webcrypto.subtle : globalThis.crypto?.subtle;
const zlib = inNode ? await import('node:zlib') : null;

/** @param {Uint8Array} bytes @returns {Promise<string>} 64 digits */
export async function sha256(bytes) {
  if (!subtle) throw new InvalidInput('page', ['cannot check digests here: serve it from https or from localhost']);
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Stops as soon as there is more than was said, so that a small archive cannot fill the memory.
 * @param {Uint8Array} packed @param {number} size of what comes out, at most
 * @returns {Promise<Uint8Array>}
 * @throws {RangeError} there is more
 */
export async function inflated(packed, size) {
  if (zlib) return new Uint8Array(zlib.inflateRawSync(packed, { maxOutputLength: Math.max(size, 1) }));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const whole = new Uint8Array(size);
  let at = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return whole.subarray(0, at);
    if (at + value.length > size) throw new RangeError(`a file unpacks to more than the ${size} bytes it says`);
    whole.set(value, at);
    at += value.length;
  }
}
