import type { Option } from "./option.ts";

/** The options of a server: where it listens, whom it lets in, and what it takes on. */
export const SERVING_OPTIONS = {
  host: {
    kind: "text",
    metavar: "ADDRESS",
    default: "127.0.0.1",
    help:
      "Address to listen on; 0.0.0.0 is every address of this machine. Where others reach it, " +
      "a token is needed.",
  },
  port: {
    kind: "integer",
    metavar: "N",
    default: 5000,
    min: 0,
    max: 65535,
    help: "Port to listen on; 0 picks a free one and says which.",
  },
  root: {
    kind: "text",
    metavar: "DIR",
    names: "folder",
    help: "Folder of the server, which holds the three rooms. By default the current one.",
  },
  "require-token": {
    kind: "flag",
    help:
      "Ask for a token on this machine itself, too. Where ports are forwarded to it, strangers " +
      "look like this machine.",
  },
  open: {
    kind: "flag",
    typed: true,
    help: "Let everybody in who reaches the port, without a token.",
  },
  cert: {
    kind: "text",
    metavar: "FILE",
    names: "file",
    help:
      "Certificate of your own in PEM, followed by those that vouch for it. Clients know it by " +
      "its names and the system's authorities, or by its key if it vouches for itself.",
  },
  key: {
    kind: "text",
    metavar: "FILE",
    names: "file",
    help: "The private key of --cert, in PEM.",
  },
  "keep-partials": {
    kind: "duration",
    metavar: "DURATION",
    default: "7d",
    help: "How long what interrupted uploads left is kept for going on.",
  },
  "max-file": {
    kind: "size",
    metavar: "SIZE",
    default: "16TiB",
    help: "Largest file that is taken in.",
  },
  quota: {
    kind: "size",
    metavar: "SIZE",
    help: "Most that each of uploads/ and shared_uploads/ may hold, what is under way or was " +
      "interrupted included. No limit by default.",
  },
  "min-free": {
    kind: "size",
    metavar: "SIZE",
    help: "Space on the disk that uploads leave free; 0 turns it off. By default 1GiB, or 5 % of " +
      "the file system where that is less.",
  },
  "limit-client": {
    kind: "rate",
    metavar: "RATE",
    min: "64KB/s",
    help: "As --limit for each client, however many connections it has. No limit by default.",
  },
  "max-transfers": {
    kind: "integer",
    metavar: "N",
    default: 256,
    min: 32,
    max: 65_536,
    help: "Transfers that one client may have open at once over all its connections.",
  },
  "max-connections": {
    kind: "integer",
    metavar: "N",
    default: 1000,
    min: 1,
    max: 65_536,
    help: "Connections at once.",
  },
  "max-connections-per-address": {
    kind: "integer",
    metavar: "N",
    default: 500,
    min: 1,
    max: 65_536,
    help: "Connections at once from one address.",
  },
  "handshake-timeout": {
    kind: "duration",
    metavar: "DURATION",
    default: "10s",
    min: "1s",
    help: "How long a connection has for the TLS handshake and to say who it is.",
  },
  "frame-timeout": {
    kind: "duration",
    metavar: "DURATION",
    default: "120s",
    min: "10s",
    help: "How long one message may take from its first to its last byte.",
  },
  "idle-timeout": {
    kind: "duration",
    metavar: "DURATION",
    default: "60s",
    // Clients say every 15 seconds that they are there.
    min: "30s",
    help: "How long a connection may be silent.",
  },
} as const satisfies Record<string, Option>;
