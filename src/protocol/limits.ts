/**
 * The numbers both sides agree on. PROTOCOL.md holds the same table; a test compares them.
 *
 * @module
 */

const KiB = 1024;
const MiB = 1024 * KiB;

/** Bytes that every conversation starts with, in each direction: `FT` and a line end. */
export const MAGIC: Uint8Array<ArrayBuffer> = new Uint8Array([0x46, 0x54, 0x0d, 0x0a]);
/** Versions this code speaks, best first. */
export const VERSIONS: readonly number[] = [1];
/** Bytes of the preamble: magic, then a big-endian u16 version, then a u16 that is zero. */
export const PREAMBLE_BYTES = 8;
/** Bytes before a frame's payload: u32 length, u8 type, u32 id. */
export const HEADER_BYTES = 9;
/** Most payload bytes of one frame: a piece of a chunk with its index and digest. */
export const FRAME_BYTES = MiB + 64;
/** Most payload bytes of a frame that carries JSON. */
export const CONTROL_BYTES = 64 * KiB;
/** Most bytes of one piece: what one DATA or CHUNK frame carries of a file. */
export const PIECE_BYTES = MiB;
/** Most bytes of a file: 16 TiB. */
export const FILE_BYTES = 16 * MiB * MiB;
/** Most chunk digests in one HELD frame. */
export const HELD_DIGESTS = 16_384;
/** Most items in one ITEMS frame. */
export const LIST_ITEMS = 100;
/** Most items of one room that a client takes. */
export const ROOM_ITEMS = 1_048_576;
/** Most UTF-16 units of names and other words of those items. */
export const ROOM_CHARACTERS = 192 * MiB;
/** Most UTF-16 units of the pattern that a list is asked by. */
export const MATCH_UNITS = 256;
/** Longest life of a share in milliseconds: 100 years. */
export const LIFE_MILLISECONDS = 3_155_760_000_000;
/** Most downloads that a share can be limited to. */
export const DOWNLOADS = 1_000_000;
/** Most UTF-16 units of the note of a share. */
export const NOTE_UNITS = 1024;
/** Seconds that a claim outlives its connection. */
export const CLAIM_SECONDS = 30;
/** Seconds that a download which counts already may be finished in. */
export const COUNTED_SECONDS = 86_400;
/** Transfers a connection may have open at once. */
export const OPEN_TRANSFERS = 64;
/** Further connections that may join a conversation. */
export const SIDE_CONNECTIONS = 7;
/** Seconds from accepting a connection to the answer to HELLO. */
export const HANDSHAKE_SECONDS = 10;
/** Seconds from the first to the last byte of one frame. */
export const FRAME_SECONDS = 120;
/** Seconds without any frame before a connection counts as dead. */
export const IDLE_SECONDS = 60;
/** Seconds between PING frames of a side that has nothing else to say. */
export const PING_SECONDS = 15;
/** Most bytes of a file that travels packed with others, and may lie in a PACK. */
export const PACKED_BYTES = MiB;
/** Most entries in one MANIFEST frame. */
export const MANIFEST_ENTRIES = 1_024;
/** Most entries of one tree. */
export const TREE_ENTRIES = 262_144;
/** Most characters of paths and targets in one tree's manifest. */
export const TREE_CHARACTERS = 32 * MiB;
/** Characters that a node of an open folder counts as beside those of its path, target and digest. */
export const NODE_CHARACTERS = 256;
/** Most characters of the manifests of all open folders of one owner: every one folder has room. */
export const OWNER_CHARACTERS = 128 * MiB;
/** Most characters of the manifests of all open folders. */
export const OPEN_CHARACTERS = 256 * MiB;
