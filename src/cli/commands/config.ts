import { FtError } from "../../error.ts";
import { commandNamed, type Options } from "../arguments.ts";
import { type Config, configPath, readConfig } from "../config.ts";
import { shown } from "../report.ts";
import { valuesOf } from "../option_value.ts";
import { readStored, storedFor } from "../settings.ts";
import { env } from "../shell.ts";
import {
  type CommandName,
  COMMANDS,
  isStorable,
  isTypedFor,
  type Option,
  type OptionName,
  OPTIONS,
  optionsOf,
} from "../table.ts";
import { show } from "../voice.ts";

/** One option as a command, or every one, has it when it is not typed. */
interface Effective {
  readonly command: CommandName | undefined;
  readonly name: OptionName;
  readonly written: string | undefined;
  readonly origin: "default" | "environment" | "file";
  /** The variable, or the line of the file. */
  readonly source: string | undefined;
  readonly sources?: readonly string[];
}

/** `ft config path`, `ft config show [COMMAND]` */
export function runConfig(operands: readonly string[], _options: Options): number {
  const [action = "", topic] = operands;
  const path = configPath(env);
  if (action === "path") {
    if (topic !== undefined) {
      throw new FtError("usage", `Unexpected operand '${topic}'.`, {
        hint: "See: ft config --help",
      });
    }
    if (path === undefined) {
      throw new FtError("usage", "No home folder is known.", {
        hint: "Name the file in FT_CONFIG.",
      });
    }
    show(() => `${shown(path)}\n`, () => [{ what: "config", path }]);
    return 0;
  }
  const config = readConfig(env);
  if (topic !== undefined) {
    const command = commandNamed(topic);
    showAll(optionsOf(command).map((name) => effective(config, command, name)));
    return 0;
  }
  showAll(names(OPTIONS).map((name) => effective(config, undefined, name)));
  for (const command of names(COMMANDS)) {
    const own = optionsOf(command).filter((name) => config.own(command, name) !== undefined);
    if (own.length === 0) continue;
    show(() => `\n[${command}]\n`, () => []);
    showAll(own.map((name) => effective(config, command, name)));
  }
  return 0;
}

function names<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[];
}

function showAll(all: readonly Effective[]): void {
  const storable = all.filter(({ command, name }) =>
    isStorable(name) && (command === undefined || !isTypedFor(command, name))
  );
  show(
    () => storable.map(text).join(""),
    () =>
      storable.map(({ command, name, written, origin, source }) => ({
        what: "option",
        command: command ?? null,
        name,
        value: written === undefined
          ? null
          : isList(name)
          ? valuesOf(written).map(shown)
          : shown(written),
        origin,
        source: source ?? null,
      })),
  );
}

function effective(
  config: Config,
  command: CommandName | undefined,
  name: OptionName,
): Effective {
  const stored = storedFor(command, name, { env, config });
  if (stored === undefined) {
    const written = usual(OPTIONS[name]);
    return { command, name, written, origin: "default", source: undefined };
  }
  readStored(command, name, stored);
  return { command, name, ...stored };
}

function isList(name: OptionName): boolean {
  return OPTIONS[name].kind === "list";
}

/** The default as one would write it. */
function usual(option: Option): string | undefined {
  if (option.kind === "flag") return "no";
  return option.default === undefined ? undefined : String(option.default);
}

function text({ name, written, origin, source = origin, sources = [] }: Effective): string {
  if (written === undefined) return `${name} is not set  (${shown(source)})\n`;
  const values = isList(name) ? valuesOf(written) : [written];
  return values.map((value, at) => `${name} = ${shown(value)}  (${shown(sources[at] ?? source)})\n`)
    .join("");
}
