/** What says which server is talked to, and how it is known. */
export const SERVER = ["server", "token-file", "trust-first", "plain"] as const;

/** What of folders is sent. */
export const SENT = ["exclude", "links"] as const;

/** How it is found out what has to travel. */
export const COMPARED = ["checksum", "dry-run"] as const;
