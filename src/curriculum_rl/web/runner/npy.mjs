// A vector of single precision from NumPy's file format (.npy, versions 1 to 3).

const MAGIC = [0x93, ...new TextEncoder().encode('NUMPY')];
const HEADER = /^\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d+),\), \}\s*$/;

/**
 * @param {Uint8Array} bytes of the file
 * @returns {Float32Array}
 * @throws {RangeError} it is something else
 */
export function vector(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) throw new RangeError('is no NumPy array');
  const wide = bytes[6] > 1;
  const start = wide ? 12 : 10;
  const data = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = HEADER.exec(new TextDecoder().decode(bytes.subarray(start, data)));
  if (!header || bytes.length !== data + 4 * Number(header[1])) throw new RangeError('is no vector of float32');
  return new Float32Array(bytes.slice(data).buffer); // copied: a typed array must start at a multiple of 4
}
