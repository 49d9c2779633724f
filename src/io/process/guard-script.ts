/**
 * The guard: a shell script that waits beside a new program and puts the previous one back when it dies in its probation.
 *
 * No byte of either version runs in it. POSIX sh and `mv`, `rm`, `sleep`, `date`, and `sync` where there is one; it holds about a
 * megabyte of memory. Spec: docs/spec/10-restart.md. Who starts it: guard.ts.
 *
 * Arguments: pid, its start time (may be empty), program, install folder, name in previous/, release id, looks, quarantine note,
 * user's quarantine folder (may be empty), journal of the roll back, thin parent (may be empty); then argv0 and arguments of the
 * program. Note and journal come in two pieces, between which the time belongs.
 *
 * @module
 */

/**
 * In the environment: the script that runs the program; may be missing. Not an argument: it holds values of variables, and other users
 * see arguments.
 */
export const SCRIPT_VARIABLE = 'PEERPATCH_GUARD_SCRIPT';

/**
 * Prints the guard's process ID to descriptor 3. The shell itself only waits for it: it is to be killed then, which makes the
 * guard nobody's child. (A shell that starts something with `&` makes it deaf for SIGINT.)
 */
export const GUARD_SCRIPT: string = String.raw`
pid=$1 born=$2 program=$3 folder=$4 previous=$5 id=$6 looks=$7
shift 7
note=$1 note_end=$2 shared=$3 undone=$4 undone_end=$5 keeper=$6
shift 6
script=$PEERPATCH_GUARD_SCRIPT
unset PEERPATCH_GUARD_SCRIPT
is_alive() {
  if [ -r /proc/self/stat ]; then
    { read -r line < "/proc/$1/stat"; } 2> /dev/null || return 1
    set -- "$2" \${line##*) }
    [ "$2" != Z ] && [ "$2" != X ] && { [ -z "$1" ] || [ "\${21}" = "$1" ]; }
  else
    case $(ps -o stat= -p "$1" 2> /dev/null) in '') kill -0 "$1" 2> /dev/null ;; Z*) return 1 ;; esac
  fi
}
birth_of() {
  { read -r line < "/proc/$1/stat"; } 2> /dev/null || return 0
  set -- \${line##*) }
  printf '%s' "\${20}"
}
look() {
  journal= phase= starts=0
  { read -r journal < "$folder/journal"; } 2> /dev/null
  rest=\${journal#'{"format":1,"phase":"'} kind=\${rest%%'"'*}
  # Behind the version, which has no quote: a release may also stand further on, as the one that was never proven.
  rest=\${rest#*'{"version":"'} rest=\${rest#*'"'}
  case $rest in ',"id":"'"$id"'"},'*) ;; *) return ;; esac
  case $kind-$rest in
    probation-*'"starts":'*) phase=probation starts=\${journal##*'"starts":'} starts=\${starts%%\}*} ;;
    rolled-back-*'"told":false}') phase=untold ;;
    rolled-back-*) phase=told ;;
  esac
}
# Processes of the dead one's parent that began after it was last seen alive, and run the program or the other file: of a supervisor.
successors() {
  [ -n "$parent" ] || return
  # The one that was put away is no file any more; descriptor 4 still has it.
  other=\${1-/proc/self/fd/4}
  for stat in /proc/[0-9]*/stat; do
    { read -r line < "$stat"; } 2> /dev/null || continue
    set -- \${line##*) }
    [ "$2" = "$parent" ] && [ "\${20}" -ge "$seen" ] || continue
    for image in "$program" $other; do
      [ ! "\${stat%stat}exe" -ef "$image" ] || { set -- "\${stat#/proc/}"; printf ' %s ' "\${1%/stat}"; break; }
    done
  done
}
is_counted() {
  for child in $(successors); do
    for noted in "$folder/starts/$child-"*; do [ ! -e "$noted" ] || return 0; done
  done
  return 1
}
is_started() {
  # A thin parent ends with its program, unless it starts it again.
  [ -z "$keeper" ] || ! is_alive "$keeper" "$keeper_born" || return 0
  [ -n "$(successors)" ]
}
# To the disk, so that a power cut leaves no other cases than a kill. Some know no names and write everything; some are not there.
flush() {
  sync "$@" || sync || :
}
keep() {
  staged=\${1%/*}/.\${1##*/}.$pid-guard
  (umask 022; printf '%s%s000%s\n' "$2" "$(date +%s)" "$3" > "$staged") && flush "$staged" && mv -f "$staged" "$1" ||
    { rm -f "$staged"; return 1; }
  flush "\${1%/*}"
}
put_back() {
  mkdir -p "$folder/quarantine" && flush "$folder" && keep "$folder/quarantine/$id" "$note" "$note_end"
  [ -z "$shared" ] || {
    (umask 077; mkdir -p "$shared") && flush "\${shared%/*/*}" "\${shared%/*}" && keep "$shared/$id" "$note" "$note_end"
  }
  back=$folder/.back.$pid-guard
  { ln "$folder/previous/$previous" "$back" || cp -p "$folder/previous/$previous" "$back"; } &&
    flush "$back" && mv -f "$back" "$program" && is_back=1
  rm -f "$back"
  [ -z "$is_back" ] || flush "\${program%/*}"
  # The disk may be full. The good program runs all the same: its start ends what is left.
  [ -z "$is_back" ] || { keep "$folder/journal" "$undone" "$undone_end" && rm -f "$folder/starts/"*; }
}
guard() {
  trap 'exit 0' INT TERM HUP QUIT
  parent= is_back= keeper_born=$(birth_of "$keeper")
  { read -r line < "/proc/$pid/stat"; } 2> /dev/null && parent=\${line##*) } parent=\${parent#? } parent=\${parent%% *}
  sh -c 'echo "$PPID"' >&3
  exec 3>&-
  { command exec 4< "$program"; } 2> /dev/null || :
  seen=$(birth_of self)
  while now=$(birth_of self); is_alive "$pid" "$born"; do
    seen=$now
    look
    case $phase in probation | untold | told) ;; *) exit 0 ;; esac
    looks=$((looks - 1))
    [ "$looks" -gt 0 ] || exit 0
    sleep 0.2 2> /dev/null || sleep 1
  done
  look
  if [ -e "$folder/ended.$pid" ]; then
    # Of the release that came after this one: its own guard looks for it.
    [ -z "$phase" ] && [ -n "$journal" ] || rm -f "$folder/ended.$pid"
    exit 0
  fi
  before=$phase counted=$starts
  sleep 1
  look
  case $before-$phase in
    probation-probation)
      [ "$starts" -le "$counted" ] && ! is_counted || exit 0
      # What people have put there meanwhile stays, and is theirs to start.
      [ ! -e /proc/self/fd/4 ] || [ "$program" -ef /proc/self/fd/4 ] || exit 0
      put_back 2> /dev/null
      look
      [ "$is_back-$phase" != -probation ] || { sleep 1; look; } ;;
    probation-untold | probation-told | untold-untold | untold-told | told-told) ;;
    *) exit 0 ;;
  esac
  case $is_back-$phase in
    1-* | -untold | -told) ;;
    *) printf 'peerpatch: the previous version could not be put back: run "peerpatch rollback"\n' >&2; exit 1 ;;
  esac
  # Longer than a supervisor pauses whose last start came too early for the previous program. One that has started that program
  # will do so again, also when it has ended meanwhile.
  waits=10
  while [ "$waits" -gt 0 ]; do
    [ -z "$(successors '')" ] || exit 0
    waits=$((waits - 1))
    sleep 0.2 2> /dev/null || { sleep 2; waits=0; }
  done
  ! is_started || exit 0
  name=$1
  shift
  trap - INT TERM HUP QUIT
  exec 4<&-
  [ -z "$script" ] || exec /bin/sh -c "$script" "$program" "$@"
  if (exec -a x true) 2> /dev/null; then exec -a "$name" "$program" "$@"; fi
  exec "$program" "$@"
}
(guard "$@")
:
`.replaceAll('\\$', '$');
