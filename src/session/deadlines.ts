import {
  FRAME_SECONDS,
  HANDSHAKE_SECONDS,
  IDLE_SECONDS,
  PING_SECONDS,
} from "../protocol/limits.ts";

/** Seconds that a channel waits for what; tests shorten them. */
export interface Deadlines {
  /** From the start to the other side's first message. */
  readonly handshake: number;
  /** From the first to the last byte of a frame, either way. */
  readonly frame: number;
  /** Without any frame. */
  readonly idle: number;
  /** Between signs of life of our own. */
  readonly ping: number;
}

/** The deadlines of the protocol. */
export const DEADLINES: Deadlines = {
  handshake: HANDSHAKE_SECONDS,
  frame: FRAME_SECONDS,
  idle: IDLE_SECONDS,
  ping: PING_SECONDS,
};
