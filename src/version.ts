import manifest from "../deno.json" with { type: "json" };

/** The version of ft. */
export const VERSION: string = manifest.version;
/** How ft calls itself on the wire. */
export const AGENT: string = `ft/${VERSION}`;
