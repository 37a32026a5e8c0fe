/** Every fuzz target: everything that reads bytes which somebody else may have made. */
import { CONVERSATION } from "./conversation.ts";
import { STATE } from "./state.ts";
import type { Target } from "./target.ts";
import { TERMINAL } from "./terminal.ts";
import { TLS } from "./tls.ts";
import { WIRE } from "./wire.ts";
import { WORDS_TARGETS } from "./words.ts";

export const TARGETS: readonly Target[] = [
  ...WIRE,
  ...WORDS_TARGETS,
  ...STATE,
  ...TLS,
  ...TERMINAL,
  ...CONVERSATION,
];
