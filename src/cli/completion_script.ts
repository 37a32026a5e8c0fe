/**
 * The completions of the shells. They are thin: what fits is asked of ft itself, which reads its own
 * table, so that a script never has to be made anew. Local files are left to the shells, which know
 * how theirs are quoted. Nothing that ft answers is ever evaluated.
 *
 * @module
 */

const BASH = String.raw`# Completion of ft for bash; source it from ~/.bashrc.
_ft() {
  local line kind
  line=\${COMP_LINE:0:COMP_POINT}
  COMPREPLY=()
  {
    IFS= read -r kind
    case $kind in
      words)
        mapfile -t COMPREPLY
        compopt +o default 2>/dev/null
        ;;
      folders) compopt -o dirnames +o default 2>/dev/null ;;
    esac
  } < <("\${COMP_WORDS[0]}" complete bash "$line" "$2" 2>/dev/null </dev/null)
}
complete -o default -F _ft ft
`;

const ZSH = String.raw`#compdef ft
# Completion of ft for zsh; source it after compinit, or put it as _ft into a folder of $fpath.
_ft() {
  local -a given answer
  given=("\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}")
  answer=("\${(@f)$($words[1] complete zsh -- "\${given[@]}" 2>/dev/null </dev/null)}")
  case $answer[1] in
    words) (( $#answer > 1 )) && compadd -- "\${(@)answer[2,-1]}" ;;
    folders) [[ $PREFIX == --*=* ]] && compset -P '*='; _files -/ ;;
    files) [[ $PREFIX == --*=* ]] && compset -P '*='; _files ;;
  esac
}
if [[ $funcstack[1] == _ft ]]; then _ft "$@"; else compdef _ft ft; fi
`;

const FISH = String.raw`# Completion of ft for fish; put it into ~/.config/fish/completions/ft.fish.
function __ft_complete
    set -l before (commandline -opc)
    set -l raw (commandline -ct)
    set -l current (string unescape -- $raw)
    or set current (string trim --left --chars "'\"" -- $raw)
    set -l answer ($before[1] complete fish -- $before[2..-1] "$current" 2>/dev/null </dev/null)
    switch "$answer[1]"
        case words
            string collect --allow-empty -- $answer[2..-1] | string split \n
        case files
            __ft_paths __fish_complete_path "$current"
        case folders
            __ft_paths __fish_complete_directories "$current"
    end
end
function __ft_paths
    set -l parts (string match --regex -- '^(--[^=]*=)(.*)$' $argv[2])
    if set -q parts[2]
        for path in ($argv[1] "$parts[3]")
            printf '%s%s\n' $parts[2] $path
        end
    else
        $argv[1] "$argv[2]"
    end
end
complete --command ft --no-files --arguments '(__ft_complete)'
`;

const POWERSHELL = String.raw`# Completion of ft for PowerShell; dot-source it from $PROFILE.
Register-ArgumentCompleter -Native -CommandName ft -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($_.Value -is [string]) { $_.Value } else { $_.Extent.Text } })
    $current = $wordToComplete.Trim("'", '"')
    $program = $commandAst.GetCommandName()
    # Behind a sign: some versions leave out an argument that is empty.
    $answer = @(& $program complete powershell -- @words "=$current" 2>$null)
    if ($answer.Count -eq 0 -or $answer[0] -ne 'words') { return }
    foreach ($word in $answer | Select-Object -Skip 1) {
        $text = $word
        if ($word -notmatch '^[A-Za-z0-9_./:=-]+$') {
            $inner = [System.Management.Automation.Language.CodeGeneration]
            $text = "'" + $inner::EscapeSingleQuotedStringContent($word) + "'"
        }
        [System.Management.Automation.CompletionResult]::new($text, $word, 'ParameterValue', $word)
    }
}
`;

const SCRIPTS: Record<string, string> = {
  bash: BASH,
  zsh: ZSH,
  fish: FISH,
  powershell: POWERSHELL,
};

/** What a shell is to read to complete ft; empty for a shell that is not known. */
export function completionScript(shell: string): string {
  // A template would take what looks like one of its own, so that has a backslash above.
  return (SCRIPTS[shell] ?? "").replaceAll("\\${", "${");
}
