# Folders, state, processes, ports and packages: what every server's script stands on.

SYSTEM_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

say() { printf '[services] %s\n' "$*" >&2; }
fail() { say "ERROR: $*"; exit 1; }
milliseconds() { local now=${EPOCHREALTIME/[.,]/}; echo $((now / 1000)); }
random_hex() { od -An -tx1 -N"$1" /dev/urandom | tr -d ' \n'; }
variable() { printf 'export %s=%q\n' "$1" "$2"; }
not() { ! "$@"; }
until_true() { # SECONDS COMMAND...
  local end=$(($(milliseconds) + $1 * 1000))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(milliseconds)" -lt "$end" ] || return 1
    sleep 0.05
  done
}

# --- the folder: DIR/state holds ports and secrets, DIR/root says where the data really is -----------------------------
open_folder() {
  [ -d "$1" ] || fail "$1: no such folder (eng/services up makes it)"
  DIR=$(cd "$1" && pwd -P)
  ROOT=$DIR
  [ ! -f "$DIR/root" ] || ROOT=$(cat "$DIR/root")
  RUN=$ROOT/run
  # shellcheck source=/dev/null
  [ ! -f "$DIR/state" ] || . "$DIR/state"
}
lock_folder() {
  exec 9>"$DIR/.lock"
  flock -w 300 9 || fail "$DIR is busy: another eng/services works on it"
}
remember() { # NAME VALUE
  [ -f "$DIR/state" ] || (umask 077; : >"$DIR/state")
  printf '%s=%q\n' "$1" "$2" >>"$DIR/state"
  printf -v "$1" '%s' "$2"
}
forget() { # NAME of a service whose first start failed
  local prefix=${1^^}_
  sed -i "/^$prefix/d" "$DIR/state"
  rm -rf "${ROOT:?}/$1"
  # shellcheck disable=SC2046
  unset -v $(compgen -v "$prefix")
}
place_data() { # servers started by root run as their own users, who must be able to reach their data
  local user
  if [ ! -f "$DIR/root" ]; then
    if [ "$(id -u)" = 0 ]; then
      chmod a+x "$DIR"
      for user in postgres rabbitmq ceph; do
        setpriv --reuid="$user" --regid="$user" --init-groups test -x "$DIR" && continue
        ROOT=$(mktemp -d /var/tmp/renderfarm-services.XXXXXX)
        chmod 755 "$ROOT"
        say "the servers' users cannot enter $DIR, the data goes to $ROOT"
        break
      done
    fi
    echo "$ROOT" >"$DIR/root"
    RUN=$ROOT/run
  fi
  mkdir -p "$RUN"
}

# --- processes -------------------------------------------------------------------------------------------------------
run_as() { # USER COMMAND...; the process id stays the same
  local user=$1
  shift
  if [ "$(id -u)" = 0 ]; then exec setpriv --reuid="$user" --regid="$user" --init-groups "$@"; else exec "$@"; fi
}
give_to() { [ "$(id -u)" != 0 ] || chown -R "$1:" "$2"; }
start_time() { # field 22 of /proc/PID/stat, counted after the command's name, which may hold blanks
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  [ "$1" != Z ] && echo "${20}"
}
running() { # NAME: its process id, if that still is the process started here
  local pid started
  [ -f "$RUN/$1.pid" ] && read -r pid started <"$RUN/$1.pid" && [ -n "$started" ] || return 1
  [ "$(start_time "$pid")" = "$started" ] && echo "$pid"
}
launch() { # NAME USER LOG COMMAND...
  local name=$1 user=$2 log=$3 pid
  shift 3
  rm -f "$RUN/$name.pid" "$RUN/$name.new"
  # shellcheck disable=SC2016
  (
    exec 9>&-
    export -f run_as
    NEW=$RUN/$name.new AS=$user exec setsid bash -c 'echo $$ >"$NEW"; run_as "$AS" "$@"' launch "$@"
  ) >"$log" 2>&1 </dev/null &
  until_true 5 test -s "$RUN/$name.new"
  pid=$(cat "$RUN/$name.new" 2>/dev/null) || return 1
  rm -f "$RUN/$name.new"
  local started
  started=$(start_time "$pid")
  [ -n "$started" ] || { last_lines "$name ended at once" "$log"; return 1; }
  echo "$pid $started" >"$RUN/$name.pid"
}
end() { # NAME SIGNAL SECONDS
  local pid
  pid=$(running "$1") || { rm -f "$RUN/$1.pid"; return 0; }
  kill -"$2" "$pid" 2>/dev/null
  if ! until_true "$3" not running "$1"; then
    say "$1 (process $pid) did not end in $3 s: SIGKILL"
    kill -KILL "$pid" 2>/dev/null
    until_true 5 not running "$1"
  fi
  rm -f "$RUN/$1.pid"
}
await() { # NAME LOG COMMAND...: until the command succeeds; gives up when the process is gone or the time is up
  local name=$1 log=$2 end=$(($(milliseconds) + TIMEOUT * 1000))
  shift 2
  until "$@" >/dev/null 2>&1; do
    running "$name" >/dev/null || { last_lines "$name ended while starting" "$log"; return 1; }
    [ "$(milliseconds)" -lt "$end" ] || { last_lines "$name is not ready after $TIMEOUT s" "$log"; return 1; }
    sleep 0.1
  done
}
last_lines() { say "$1; the end of $2:"; tail -n 12 "$2" >&2; }
accepts() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# --- ports, below the range that the kernel gives to outgoing connections ----------------------------------------------
TAKEN=" "
free_ports() { # COUNT: the first of COUNT free ports in a row, in REPLY
  local used=" " address first port attempt
  while read -r _ address _; do
    address=${address##*:}
    [[ $address =~ ^[0-9A-F]{4}$ ]] && used+="$((16#$address)) "
  done < <(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null)
  for attempt in $(seq 500); do
    first=$((20000 + (RANDOM * 32768 + RANDOM) % 11000))
    for ((port = first; port < first + $1; port++)); do [[ $used$TAKEN == *" $port "* ]] && continue 2; done
    for ((port = first; port < first + $1; port++)); do TAKEN+="$port "; done
    REPLY=$first
    return 0
  done
  fail "no $1 free ports in a row after $attempt tries"
}
choose_ports() {
  if [ -z "${POSTGRES_PORT:-}" ]; then
    free_ports 1
    remember POSTGRES_PORT "$REPLY"
    remember POSTGRES_PASSWORD "$(random_hex 12)"
  fi
  if [ -z "${RABBITMQ_PORT:-}" ]; then
    free_ports 8 # protocol, management, distribution, port mapper, and four for the command line client
    remember RABBITMQ_PORT "$REPLY"
    remember RABBITMQ_PASSWORD "$(random_hex 12)"
  fi
  if [ -z "${S3_PORT:-}" ]; then
    free_ports 14 # gateway, monitor, and twelve for the store
    remember S3_PORT "$REPLY"
    remember S3_ACCESS_KEY "farm$(random_hex 8)"
    remember S3_SECRET_KEY "$(random_hex 20)"
  fi
}

# --- Debian packages -------------------------------------------------------------------------------------------------
missing_packages() {
  command -v dpkg-query >/dev/null || return 0
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || echo "$package"
  done
}
apt_install() { # PACKAGE...
  command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || fail "missing: $*. Installing them needs root and apt-get."
  say "installing $*"
  local policy=/usr/sbin/policy-rc.d own_policy= code
  if [ ! -e $policy ]; then # keeps the packages from starting servers of their own
    own_policy=1
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
  fi
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 update &&
    DEBIAN_FRONTEND=noninteractive apt-get -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends install "$@" >/dev/null
  code=$?
  [ -z "$own_policy" ] || rm -f $policy
  [ $code = 0 ] || fail "apt-get could not install $* (exit code $code)"
}
