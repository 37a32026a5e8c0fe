/**
 * The manual page, written from the tables that --help is written from.
 *
 * @module
 */
import { VERSION } from "../version.ts";
import { exitCodes, PURPOSE } from "./help.ts";
import {
  type Command,
  type CommandName,
  COMMANDS,
  EVERYWHERE,
  operandText,
  type Option,
  type OptionName,
  OPTIONS,
  usageLine,
  variableOf,
  VARIABLES,
} from "./table.ts";
import { quoteShell } from "./text.ts";

/** Text as roff shows it: nothing of it is a request, an escape or a hyphenation. */
function roff(text: string): string {
  const escaped = text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga").replaceAll("^", "\\(ha").replaceAll("~", "\\(ti");
  return escaped.replace(/^(?=\.)/gm, "\\&");
}

function bold(text: string): string {
  return `\\fB${roff(text)}\\fR`;
}

/** A term, and what it means below it. */
function entry(term: string, text: string): string {
  return `.TP\n${term}\n${roff(text)}\n`;
}

function ofOption(name: OptionName): string {
  const option: Option = OPTIONS[name];
  const short = option.short === undefined ? "" : `${bold(`-${option.short}`)}, `;
  let value = "";
  if (option.kind === "choice") value = ` ${roff(option.choices.join("|"))}`;
  else if (option.kind !== "flag") value = ` \\fI${roff(option.metavar)}\\fR`;
  const notes: string[] = [];
  if (option.kind !== "flag" && option.default !== undefined) {
    notes.push(`By default ${option.default}.`);
  }
  const variable = variableOf(name);
  if (variable !== undefined) notes.push(`${variable} stands for it.`);
  return entry(`${short}${bold(`--${name}`)}${value}`, [option.help, ...notes].join(" "));
}

function ofCommand(name: CommandName): string {
  const { summary, about, operands, options, examples }: Command = COMMANDS[name];
  const rows = operands.map((row) => {
    const usual = row.default === undefined ? "" : ` By default ${row.default}.`;
    return entry(`\\fI${roff(operandText(row))}\\fR`, row.help + usual);
  });
  const takes = options.map((option) => `--${option}`).join(", ");
  const shows = examples.map(({ args, sentence }) =>
    `.PP\n${roff(sentence)}\n.PP\n.RS 4\n.nf\n${
      roff(`ft ${args.map(quoteShell).join(" ")}`)
    }\n.fi\n.RE\n`
  );
  return `.SS ${bold(usageLine(name))} [OPTION]...\n${roff(`${summary}. ${about}`)}\n` +
    rows.join("") + `.PP\n${roff(`Options: ${takes}.`)}\n` + shows.join("");
}

/** The manual page of ft in the format of man(7). */
export function manualPage(): string {
  const names = Object.keys(COMMANDS) as CommandName[];
  const options = Object.keys(OPTIONS) as OptionName[];
  const common = options.filter((name) => !(EVERYWHERE as readonly OptionName[]).includes(name));
  return [
    `.\\" Written by 'ft manual' from its tables.`,
    `.TH FT 1 "" "ft ${roff(VERSION)}" "ft manual"`,
    ".SH NAME",
    "ft \\- move files between machines",
    ".SH SYNOPSIS",
    `${bold("ft")} \\fICOMMAND\\fR [\\fIOPTION\\fR]...`,
    ".SH DESCRIPTION",
    roff(PURPOSE),
    ".SH COMMANDS",
    names.map(ofCommand).join("").trimEnd(),
    ".SH OPTIONS",
    [...common, ...EVERYWHERE].map(ofOption).join("").trimEnd(),
    ".SH ENVIRONMENT",
    roff(
      "The command line beats the environment, which beats the config file, which beats the default.",
    ),
    Object.entries(VARIABLES).map(([name, text]) => entry(bold(name), text)).join("").trimEnd(),
    ".SH FILES",
    entry(
      "\\fI$XDG_CONFIG_HOME/ft/config\\fR",
      "Settings of the user: lines 'option = value', comments after #, and sections [command] for " +
        "one command alone. 'ft config path' says where it is, 'ft config show' what it does.",
    ).trimEnd(),
    ".SH EXIT STATUS",
    exitCodes().map(([exit, words]) => entry(bold(exit), words)).join("").trimEnd(),
  ].join("\n") + "\n";
}
