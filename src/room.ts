/**
 * Where the bytes begin in large room. The system's allocator begins it 16 bytes past a page, where
 * the copying instruction of AMD's Zen 3, which the kernel uses, takes four times as long: 64 bytes
 * past a page it does not.
 */
const MARGIN = 48;

/** Room for so many bytes that are read from a file or a socket again and again. */
export function roomFor(length: number): Uint8Array<ArrayBuffer> {
  return roomIn(new ArrayBuffer(length + MARGIN));
}

/** The same room in a buffer that is used again. */
export function roomIn(buffer: ArrayBuffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, MARGIN);
}
