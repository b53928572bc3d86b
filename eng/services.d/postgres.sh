# PostgreSQL, with the settings of a durable server (fsync on), so that timings taken here mean something.

find_postgres() {
  local folder
  folder=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
  if [ -n "$folder" ]; then echo "$folder"; else folder=$(command -v initdb) && dirname "$(readlink -f "$folder")"; fi
}
query_postgres() { # DATABASE QUERY
  PGPASSWORD=$POSTGRES_PASSWORD "$(find_postgres)/psql" -h 127.0.0.1 -p "$POSTGRES_PORT" -U farm -d "$1" -Atqc "$2"
}
client_psql() {
  PGPASSWORD=$POSTGRES_PASSWORD exec "$(find_postgres)/psql" -h 127.0.0.1 -p "$POSTGRES_PORT" -U farm -d farm "$@"
}
leftover_backends() { # a killed server's children may outlive it for a moment
  local process
  for process in /proc/[0-9]*; do
    [ "$(readlink "$process/cwd" 2>/dev/null)" = "$ROOT/postgres/data" ] && echo "${process#/proc/}"
  done
}
no_leftovers() { [ -z "$(leftover_backends)" ]; }

set_up_postgres() { # PROGRAMS
  local data=$ROOT/postgres
  mkdir -p "$data"
  (umask 077; printf '%s' "$POSTGRES_PASSWORD" >"$data/password")
  give_to postgres "$data"
  (cd "$data" && run_as postgres env -i PATH=$SYSTEM_PATH HOME="$data" LANG=C.UTF-8 "$1/initdb" -D "$data/data" -U farm \
    --auth=scram-sha-256 --pwfile="$data/password" -E UTF8 --locale=C.UTF-8 --data-checksums) >"$data/initdb.log" 2>&1 ||
    { last_lines "initdb failed" "$data/initdb.log"; return 1; }
  {
    echo "listen_addresses = '127.0.0.1'"
    echo "port = $POSTGRES_PORT"
    echo "unix_socket_directories = ''"
    echo "max_connections = 300"
    echo "shared_buffers = 256MB"
    echo "max_wal_size = 2GB"
    echo "timezone = 'UTC'"
    echo "log_timezone = 'UTC'"
    tr ';' '\n' <<<"${SERVICES_POSTGRES_CONF:-}"
  } >>"$data/data/postgresql.conf"
  touch "$data/ready"
}

start_postgres() {
  local programs process data=$ROOT/postgres
  programs=$(find_postgres) || { say "no PostgreSQL: eng/services install"; return 1; }
  if ! running postgres >/dev/null; then
    [ -f "$data/ready" ] || set_up_postgres "$programs" || return 1
    until_true 10 no_leftovers || for process in $(leftover_backends); do kill -KILL "$process" 2>/dev/null; done
    # Nobody works on the data any more: the process that a killed server's lock names can only be a stranger with its number.
    rm -f "$data/data/postmaster.pid"
    launch postgres postgres "$data/server.log" env -i PATH=$SYSTEM_PATH HOME="$data" LANG=C.UTF-8 \
      "$programs/postgres" -D "$data/data" || return 1
  fi
  await postgres "$data/server.log" query_postgres postgres 'select 1' || return 1
  if [ -z "$(query_postgres postgres "select 1 from pg_database where datname = 'farm'")" ]; then
    query_postgres postgres 'create database farm' || return 1
  fi
  say "postgres on 127.0.0.1:$POSTGRES_PORT"
}
stop_postgres() { end postgres INT 30; }

postgres_variables() {
  variable RENDERFARM_TEST_POSTGRES "Host=127.0.0.1;Port=$POSTGRES_PORT;Username=farm;Password=$POSTGRES_PASSWORD;Database=farm"
}
