# shellcheck shell=bash
# What the steps of the action share; sourced by each, not run.
#
# A step finds its inputs in BKS_… variables (see action.yml) and leaves in the folder $work:
#   items       a line of Markdown for each scenario and for lint: what became of it
#   sections/   the details of each, one Markdown file each
#   failures    a line for each thing that fails the gate: exit code, what
# Names of files are a stranger's: they are never part of a command that is read again, and stand in Markdown as
# code that they cannot end.
set -euo pipefail
export LC_ALL=C

work=${BKS_WORK:-${RUNNER_TEMP:?}/bks}

# A line of text without what cannot be seen, or turns what is read round (UTF-8 of U+200B to U+200F,
# U+2028 to U+202E, U+2060 to U+206F), and without `##[`, which GitHub takes for a command anywhere in a log.
visible() {
  printf '%s' "$1" | tr '\000-\037\177' '?' |
    sed -E 's/\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xc2[\x80-\x9f]/?/g; s/##\[/#?[/g'
}

# A name as Markdown code.
code() {
  printf '\140%s\140' "$(visible "$1" | tr '\140' "'")"
}

# What a command said, as a code block: indented, so that no line of it can end the block.
block() {
  printf '\n'
  head -c 20000 "$1" | tr -d '\000-\010\013-\037\177' | sed 's/^/    /'
  printf '\n'
}

# A name that no command takes for an option or for standard input.
as_path() {
  case $1 in
    -*) printf './%s' "$1" ;;
    *) printf '%s' "$1" ;;
  esac
}

# The lines of $1 that are not blank, without blanks at their ends, as the array `lines`.
read_lines() {
  lines=()
  local line
  while IFS= read -r line; do
    line=${line#"${line%%[![:space:]]*}"}
    line=${line%"${line##*[![:space:]]}"}
    [ -z "$line" ] || lines+=("$line")
  done <<<"$1"
}

# How the gate takes an exit code.
judged() {
  case $1 in
    0) echo passed ;;
    3) echo '**failed**' ;;
    *) echo '**broken**' ;;
  esac
}

# The first line of what a command printed, else of what it said, of the files that begin with $1.
first_line() {
  if [ -s "$1.md" ]; then
    sed -n 1p "$1.md"
  else
    code "$(sed -n 1p "$1.err")"
  fi
}

# Notes that the gate fails with exit code $1 because of $2.
fail() {
  printf '%s %s\n' "$1" "$2" >>"$work/failures"
}
