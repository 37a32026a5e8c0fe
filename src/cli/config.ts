/**
 * The config file: lines `option = value`, comments after `#` at the start of a line, and sections
 * `[command]` for one command alone. A value is what one would type after `--option=`, so nothing
 * in it is quoted or escaped. Of an option that is a list each line is one value.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { convertStored, expectedStored } from "./option_value.ts";
import { expandHome } from "./prompt.ts";
import {
  ALWAYS,
  type CommandName,
  COMMANDS,
  isStorable,
  isTypedFor,
  type Option,
  type OptionName,
  OPTIONS,
} from "./table.ts";
import { closest, escapeText, quoteShell } from "./text.ts";

/** Bytes of a config file that are read at most. */
const MOST_BYTES = 64 * 1024;
/** What is written for no file, here as for other programs. */
const NONE = "/dev/null";

/** An option as the environment or the config file says it. */
export interface Stored {
  readonly written: string;
  readonly origin: "environment" | "file";
  /** Where: the name of a variable, or `FILE:LINE`, of a list that of its first value. */
  readonly source: string;
  /** Of a list in the file: `FILE:LINE` of each value. */
  readonly sources?: readonly string[];
}

/** What a config file says. Every line of it has been checked. */
export class Config {
  readonly #stored = new Map<string, Stored>();

  /**
   * @param path the file's path, for errors.
   * @param home the home folder that `~/` means.
   * @throws FtError `usage` for the first line that cannot be, with its number.
   */
  constructor(text: string, path: string, home?: string) {
    let section: CommandName | undefined;
    for (const [at, whole] of text.replace(/^\ufeff/, "").split(/\r?\n/).entries()) {
      const line = whole.trim();
      if (line === "" || line.startsWith("#")) continue;
      const source = `${path}:${at + 1}`;
      const [, title] = /^\[(.*)\]$/.exec(line) ?? [];
      if (title !== undefined) {
        section = sectionNamed(title.trim(), source);
        continue;
      }
      const [, key, value] = /^([^=\s]+)\s*=\s*(.*)$/.exec(line) ?? [];
      if (key === undefined || value === undefined) {
        throw wrong(source, `'${line}' is no setting.`, "Write: option = value");
      }
      const name = optionNamed(key, section, source);
      const before = this.#stored.get(keyOf(section, name));
      const isList = OPTIONS[name].kind === "list";
      if (before !== undefined && !isList) {
        throw wrong(source, `'${name}' is set twice.`, `The first is in ${before.source}`);
      }
      const written = isPath(name) ? expandHome(value, home) : value;
      if (convertStored(OPTIONS[name], written) === undefined) {
        throw wrong(
          source,
          `${name} cannot be '${value}'.`,
          `It takes ${expectedStored(OPTIONS[name])}.`,
        );
      }
      this.#stored.set(keyOf(section, name), {
        written: before === undefined ? written : `${before.written}\n${written}`,
        origin: "file",
        source: before?.source ?? source,
        ...(isList ? { sources: [...before?.sources ?? [], source] } : {}),
      });
    }
  }

  /** What is said of an option: for the command alone, else for all of them. */
  get(command: CommandName | undefined, name: OptionName): Stored | undefined {
    return this.own(command, name) ?? this.#stored.get(keyOf(undefined, name));
  }

  /** What is said of an option for this command alone. */
  own(command: CommandName | undefined, name: OptionName): Stored | undefined {
    return this.#stored.get(keyOf(command, name));
  }
}

function keyOf(section: CommandName | undefined, name: OptionName): string {
  return `${section ?? ""} ${name}`;
}

function isPath(name: OptionName): boolean {
  const option: Option = OPTIONS[name];
  return option.kind === "text" && option.names !== undefined && option.names !== "server";
}

function sectionNamed(title: string, source: string): CommandName {
  if (Object.hasOwn(COMMANDS, title)) return title as CommandName;
  const near = closest(title, Object.keys(COMMANDS));
  throw wrong(
    source,
    `There is no command '${title}'.`,
    near === undefined ? "See: ft --help" : `Did you mean [${near}]?`,
  );
}

function optionNamed(key: string, section: CommandName | undefined, source: string): OptionName {
  const taken: readonly string[] = section === undefined
    ? Object.keys(OPTIONS)
    : [...COMMANDS[section].options, ...ALWAYS];
  if (!Object.hasOwn(OPTIONS, key)) {
    const name = key.replace(/^--/, "");
    const near = closest(
      name,
      taken.filter((one) => isStorable(one as OptionName)),
    );
    const hint = near === undefined ? "See the options with: ft COMMAND --help" : undefined;
    throw wrong(source, `There is no option '${key}'.`, hint ?? `Did you mean ${near}?`);
  }
  const name = key as OptionName;
  if (!isStorable(name) || section !== undefined && isTypedFor(section, name)) {
    throw wrong(source, `'${name}' cannot be set here.`, `It has to be typed: --${name}`);
  }
  if (!taken.includes(name)) {
    throw wrong(source, `'${name}' is not for 'ft ${section}'.`, `See: ft ${section} --help`);
  }
  return name;
}

function wrong(source: string, message: string, hint: string): FtError {
  return new FtError("usage", escapeText(`${source}: ${message}`), { hint: escapeText(hint) });
}

/** Where the config file is; undefined where no home is known. */
export function configPath(env: (name: string) => string | undefined): string | undefined {
  const named = env("FT_CONFIG");
  if (named) return named;
  const home = env("HOME");
  let base: string | undefined;
  if (Deno.build.os === "windows") base = env("APPDATA");
  else if (Deno.build.os === "darwin") base = home && `${home}/Library/Application Support`;
  else base = env("XDG_CONFIG_HOME") || home && `${home}/.config`;
  return base ? `${base}/ft/config` : undefined;
}

/**
 * Reads the config file. One that is not there says nothing, unless `FT_CONFIG` names it;
 * `/dev/null` is none.
 *
 * @throws FtError `usage` when it cannot be read, holds a mistake, or is not the user's alone to
 * write: whoever writes it says which server is talked to.
 */
export function readConfig(env: (name: string) => string | undefined): Config {
  const path = configPath(env);
  if (path === undefined || path === NONE) return new Config("", "");
  let text: string;
  try {
    const { isFile, size, mode, uid } = Deno.statSync(path);
    if (!isFile || size > MOST_BYTES) {
      throw unusable(path, "is no config file", "It is a small file of lines: option = value");
    }
    if (mode !== null && (mode & 0o022) !== 0) {
      const hint = `See what it says, then keep it to yourself: chmod go-w ${quoteShell(path)}`;
      throw unusable(path, "can be changed by other users", hint);
    }
    // What the administrator wrote is trusted, as all of the system is.
    if (uid !== null && uid !== 0 && uid !== Deno.uid()) {
      throw unusable(path, "belongs to another user", "Copy it, or name your own in FT_CONFIG.");
    }
    text = new TextDecoder("utf-8", { fatal: true }).decode(Deno.readFileSync(path));
  } catch (thrown) {
    if (thrown instanceof FtError) throw thrown;
    const isMissing = thrown instanceof Deno.errors.NotFound ||
      thrown instanceof Deno.errors.NotADirectory;
    if (isMissing && !env("FT_CONFIG")) return new Config("", "");
    if (isMissing) throw unusable(path, "is not there", "FT_CONFIG names it.");
    if (thrown instanceof TypeError) throw unusable(path, "is no UTF-8 text", "Write it anew.");
    throw unusable(path, "cannot be read", "Check that you may read it.");
  }
  return new Config(text, path, env("HOME"));
}

function unusable(path: string, why: string, hint: string): FtError {
  return new FtError("usage", `The config file '${path}' ${why}.`, { hint });
}
