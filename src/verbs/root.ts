/**
 * What lies where below the root of a server.
 *
 * @module
 */

/** The folder of each room below the root. */
export const ROOM_FOLDERS = {
  private: "uploads",
  public: "shared_files",
  shared: "shared_uploads",
} as const;

/** What only the server itself reads. */
export const OWN_FOLDER = ".ft";
/** What is under way. */
export const SERVER_STAGING: string = `${OWN_FOLDER}/staging`;
/** Whose files are what, and the named tokens. */
export const RECORDS: string = `${OWN_FOLDER}/records.db`;
/** The token of the invite. */
export const INVITE_TOKEN: string = `${OWN_FOLDER}/token`;
