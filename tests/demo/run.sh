#!/usr/bin/env bash
# The main job of bkp from end to end, on a throwaway cluster: run.sh PREFIX DIRECTORY
#   PREFIX      an installed tree; PREFIX/bin/bkp is what is shown
#   DIRECTORY   made when missing; its demo files are replaced. Store, configuration and runbook
#               stay there for a look, the cluster goes when the demo ends, however it ends.
#   $DEMO_SCALE size of the database: 1 (default) is about 400,000 rows
set -euo pipefail

prefix=$(realpath "$1")
mkdir -p "$2"
directory=$(realpath "$2")
scale=${DEMO_SCALE:-1}
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
server_pid=
temporary=

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
else
  bold='' dim='' plain=''
fi

title() { printf '\n%s── %s%s\n\n' "$bold" "$*" "$plain"; }
note() { printf '%s# %s%s\n' "$dim" "$*" "$plain"; }

die() {
  printf 'demo: %s\n' "$*" >&2
  exit 1
}

# The words as one would type them.
typed() {
  local word line=
  for word in "$@"; do
    [[ $word =~ ^[A-Za-z0-9_./:=~,-]+$ ]] || word="'${word//\'/\'\\\'\'}'"
    line+=" $word"
  done
  printf '%s$%s%s\n' "$bold" "$line" "$plain"
}

show() {
  typed "$@"
  "$@"
  echo
}

# PostgreSQL does not run as root: then the system user postgres does it.
as_server() {
  if [[ $(id -u) == 0 ]]; then
    (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups "$@")
  else
    (cd / && exec "$@")
  fi
}

clean_up() {
  local status=$?
  trap - EXIT INT TERM
  if [[ -n $server_pid ]] && kill -INT "$server_pid" 2>/dev/null; then
    wait "$server_pid" || true
    note "the cluster is down"
  fi
  [[ -z $temporary ]] || rm -rf "$temporary"
  rm -rf "$directory/cluster"
  exit "$status"
}

find_server() {
  local candidates=(/usr/lib/postgresql/*/bin/postgres)
  bin=$(dirname "${candidates[-1]}")
  [[ -x $bin/initdb ]] || die "no PostgreSQL server under /usr/lib/postgresql: run ./dev deps"
}

# The server's user must reach its directory, and a socket's path may have no more than 107 bytes.
choose_cluster_directory() {
  cluster=$directory/cluster
  rm -rf "$cluster"
  mkdir "$cluster"
  if ((${#cluster} > 80)) || ! as_server test -x "$directory"; then
    temporary=$(mktemp -d "${TMPDIR:-/tmp}/bkp-demo-XXXXXX")
    chmod 755 "$temporary"
    cluster=$temporary/cluster
    mkdir "$cluster"
    note "the server cannot use $directory: its cluster lives in $cluster"
  fi
  chmod 700 "$cluster"
  [[ $(id -u) != 0 ]] || chown postgres: "$cluster"
}

start_cluster() {
  as_server "$bin/initdb" --pgdata="$cluster/data" --username=postgres --auth=trust --no-sync \
    --encoding=UTF8 --locale=C.UTF-8 >/dev/null
  # A session of its own: Ctrl-C is for the demo, which then stops the server. Should the demo be
  # killed, the server gets SIGQUIT, its immediate shutdown.
  local identity=()
  [[ $(id -u) != 0 ]] || identity=(--reuid=postgres --regid=postgres --init-groups)
  (cd / && exec setsid setpriv "${identity[@]}" --pdeathsig QUIT "$bin/postgres" -D "$cluster/data" \
    -c listen_addresses= -c unix_socket_directories="$cluster" -c fsync=off \
    -c log_min_messages=fatal) >"$directory/server.log" 2>&1 &
  server_pid=$!
  export PGHOST=$cluster PGPORT=5432 PGUSER=postgres
  until "$bin/pg_isready" --quiet; do
    kill -0 "$server_pid" 2>/dev/null || die "the cluster did not start: $directory/server.log"
    sleep 0.1
  done
}

write_config() {
  rm -rf "$directory/store" "$directory/state"
  cat >"$directory/bkp.yaml" <<YAML
site: studio
cluster:
  conninfo: "host=$cluster user=postgres"
stores:
  - name: local
    url: "file://$directory/store"

# Only so that the demo leaves the rest of this machine alone:
catalog: {spool_directory: "$directory/state/spool"}
recover: {scratch_directory: "$directory/state/scratch"}
runbook: {path: "$directory/runbook.html"}

# What makes a studio of a database:
config_export:
  sections:
    - {name: workflows, database: x121, tables: [workflows, hooks]}
    - {name: scene-types, database: x121, sql: "select name, scene_types from templates order by name", key: [name]}
    - {name: templates, database: x121, tables: [templates]}
    - {name: notification-preferences, database: x121, sql: "select id, name, preferences from users order by id"}
    - {name: rbac, database: x121, tables: [roles, user_roles]}
    - {name: hook-scripts, files: ["$directory/hooks"]}
    - {name: server, server: true, secret: redact}

# Files that the database knows by their checksums:
assets:
  - {name: finals, database: x121, sql: "select id, path, sha256 from assets where approved", root: "$directory/assets", nightly: 20%}
YAML
  rm -rf "$directory/hooks"
  mkdir "$directory/hooks"
  cat >"$directory/hooks/render-done" <<'HOOK'
#!/bin/sh
echo "$1 is rendered" >>studio.log
HOOK
  chmod 600 "$directory/bkp.yaml"
}

# What is in a database, by PostgreSQL's own means: rows and their digest for each table, large
# objects, sequences and the schema.
contents_of() {
  psql -XAtq -v ON_ERROR_STOP=1 -d "$1" <<'SQL'
select format('select %L, count(*), md5(string_agg(md5(t::text), '''' order by md5(t::text))) '
              'from only %s t', c.oid::regclass, c.oid::regclass)
from pg_class c
where relnamespace = 'public'::regnamespace and relkind in ('r', 'm')
order by c.oid::regclass::text collate "C" \gexec
select 'large objects', count(*), md5(string_agg(md5(lo_get(oid)), '' order by oid))
from pg_largeobject_metadata;
select 'sequence', sequencename, last_value from pg_sequences order by 2;
SQL
  pg_dump --schema-only -d "$1" | grep -vE '^\\(un)?restrict' | md5sum
}

rows_in() { awk -F'|' 'length($3) == 32 {sum += $2} END {print sum}' "$1"; }

# The approved films; small ones.
write_assets() {
  local path text
  rm -rf "$directory/assets"
  mkdir -p "$directory/assets/finals/"{0..59}
  while IFS='|' read -r path text; do
    printf '%s' "$text" >"$directory/assets/$path"
  done < <(psql -XAtqd x121 -c \
    "select path, 'asset ' || substring(path from '(\d+)[.]mov$') from assets where approved")
}

fill() {
  note "filling the studio's database x121"
  "$bin/createdb" x121
  "$bin/psql" -Xq -d x121 -v scale="$scale" -f "$here/studio.sql"
  contents_of x121 >"$directory/before.txt"
  write_assets
  note "$(rows_in "$directory/before.txt") rows, $(psql -XAtc \
    "select pg_size_pretty(pg_database_size('x121'))"); what is in it is noted down in before.txt"
}

protect() {
  title "Protect"
  show cat "$BKP_CONFIG"
  show bkp init
  show bkp check
  show bkp full
  show bkp list
  title "Prove"
  show bkp verify
}

lose() {
  title "Lose"
  show psql -Xd x121 -c 'DROP TABLE segments CASCADE'
  typed psql -Xd x121 -c 'SELECT count(*) FROM segments'
  if psql -Xd x121 -c 'SELECT count(*) FROM segments'; then
    die "the table is still there"
  fi
  echo
}

come_back() {
  title "Come back"
  show bkp restore latest --db x121 --swap --yes x121
  contents_of x121 >"$directory/after.txt"
  diff "$directory/before.txt" "$directory/after.txt" || die "the restored database differs"
  note "checked with psql and pg_dump: all $(rows_in "$directory/after.txt") rows, the large objects," \
    "the sequences and the schema are what they were"
}

configuration() {
  title "The configuration too"
  show bkp list --type config
  show psql -Xd x121 -c "UPDATE workflows SET enabled = NOT enabled WHERE id IN (7, 8); DELETE FROM user_roles WHERE user_id = 3"
  typed tee "$directory/hooks/render-done"
  echo 'oops' | tee "$directory/hooks/render-done"
  show bkp config-diff
  show bkp config-restore --yes studio
  show bkp config-diff
}

# What a command says that must end with an exit status of its own.
show_failure() {
  local wanted=$1 status=0
  shift
  typed "$@"
  "$@" || status=$?
  ((status == wanted)) || die "exit status $status, not $wanted"
  echo
}

files() {
  title "The files too"
  local -a finals
  mapfile -t finals < <(psql -XAtqd x121 -c "select path from assets where approved order by id limit 2")
  show bkp assets-check --all
  show rm "$directory/assets/${finals[0]}"
  show truncate -s 3 "$directory/assets/${finals[1]}"
  show_failure 8 bkp assets-check --all
  note "chapter I of the runbook says what is lost with them, and how to bring them back"
  write_assets
  show bkp assets-check
}

keep() {
  title "Keep"
  show bkp prune --dry-run
  show bkp runbook --out "$directory/runbook.html"
  show bkp list
}

main() {
  [[ -x $prefix/bin/bkp ]] || die "no bkp in $prefix/bin"
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  find_server
  choose_cluster_directory
  start_cluster
  write_config
  export PATH=$prefix/bin:$bin:$PATH BKP_CONFIG=$directory/bkp.yaml
  fill
  protect
  lose
  come_back
  configuration
  files
  keep
  title "The data is back"
  printf '%s\n' "runbook        $directory/runbook.html" "configuration  $directory/bkp.yaml" \
    "store          $directory/store"
}

main
