#!/usr/bin/env bash
# Three nights of a site that nobody looks at, by the package's own line of cron: nights.sh DEB DIRECTORY.
# First the real cron calls it; then its line is called whenever something is due by a clock that is made
# to go faster (libfaketime), with a store that is away in the second night. What a person expects of such
# nights is looked at afterwards: the backups, what was removed and proven, and what was told of it.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/clean_debian.sh"

install_package() {
  say "install, with cron"
  cp "$deb" "$root/tmp/bkp.deb"
  apt install /tmp/bkp.deb cron faketime
  # Where faketime tells its children what time it is.
  mkdir -p "$root/dev/shm"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
}

# Both stores must have every backup.
require_both_stores() { sed -i '/required: false/d' "$root/etc/bkp/bkp.yaml"; }

# A channel that asks for everything that is wrong, and for summaries.
listen() {
  say "a channel"
  told=$directory/told
  told_before=0
  rm -rf "$told"
  mkdir -p "$told"
  /usr/bin/python3 "$here/../support/http_listener.py" "$told" &
  started+=($!)
  local tries=0
  until [[ -e $told/port ]]; do
    sleep 0.1
    ((++tries < 100)) || die "the listener does not listen"
  done
  echo "http://127.0.0.1:$(cat "$told/port")/hook" | in_root runuser -u bkp -- sh -c 'umask 077 && cat >/etc/bkp/slack'
  cat <<'YAML' | in_root runuser -u bkp -- sh -c 'cat >>/etc/bkp/bkp.yaml'
notify:
  channels:
    - {name: ops, slack: {url_file: /etc/bkp/slack}, on: [failure, recovered, capacity, summary]}
YAML
}

# The first line of each message since `told_before` of them, oldest first.
titles() {
  local number=$((told_before + 1))
  while [[ -e $told/$number.request ]]; do
    printf '%s\n' "$(sed -n 's/^{"text":"\*\([^*]*\)\*.*/\1/p' "$told/$number.request")"
    number=$((number + 1))
  done
}

count() { titles | grep -cxF -- "$1" || true; }

real_cron() {
  say "the real cron"
  sql -d bkp -c "UPDATE bkp.backup_schedules SET next_run_at = now() WHERE command = 'prune'"
  in_root cron -f &
  started+=($!)
  local ran=
  for _ in {1..100}; do
    ran=$(sql -d bkp -c "SELECT status FROM bkp.runs WHERE command = 'prune' AND triggered_by = 'schedule'")
    [[ $ran != completed ]] || break
    sleep 1
  done
  expect "what cron has begun" completed "$ran"
  kill "${started[-1]}"
  unset 'started[-1]'
}

# The package's line, as cron would run it at that time.
at() {
  local user command output
  read -r _ _ _ _ _ user command < <(grep '^[0-9*]' "$root/etc/cron.d/bkp")
  output=$(as "$user" env -i SHELL=/bin/sh PATH=/usr/bin:/bin HOME=/var/lib/bkp LOGNAME="$user" TZ=UTC \
    faketime "$1" /bin/sh -c "$command" 2>&1) || mails=$((mails + 1))
  printf '%s\n' "$output" >>"$directory/cron.txt"
}

# The minutes of a day, from the hour of the full backup on, in which a schedule of the defaults is due.
minutes() {
  {
    seq 50 60 1430                # status, every hour
    # full, a drill (on the first), verify --all, verify (on Sundays), prune, the summary
    printf '%s\n' 0 75 165 195 285 300
  } | sort -n
}

# Follows a day up to a minute of it, from another one on.
day() {
  local number=$1 from=$2 to=$3 minute
  for minute in $(minutes); do
    ((minute >= from && minute < to)) || continue
    at "$(date -u -d "@$((first + 86400 * number + 60 * minute + 5))" '+%F %T')"
  done
}

nights() {
  # The first two o'clock to come.
  first=$(date -u -d 'today 02:00' +%s)
  ((first > $(date +%s) + 60)) || first=$((first + 86400))
  mails=0
  : >"$directory/cron.txt"
  say "what is left of today"
  bkp full
  bkp verify
  day -1 $((1440 - (first - $(date +%s)) / 60 + 1)) 1440
  # There is a summary in it or not, by the hour this begins at.
  expect "messages that are no summary" 0 "$(titles | grep -vcx 'summary: nothing is known to be wrong' || true)"
  told_before=$(titles | wc -l)
  say "a good night and its day"
  day 0 0 1440
  expect "mails of cron" 0 "$mails"
  expect "messages" "summary: nothing is known to be wrong" "$(titles)"
  say "a night without one of the stores"
  in_root mv /mnt/vault/bkp /mnt/vault/away
  day 1 0 290
  in_root mv /mnt/vault/away /mnt/vault/bkp
  say "and the next one, with it"
  day 1 290 1440
  day 2 0 350
}

# How many runs of a schedule have ended so.
runs() {
  sql -d bkp -c "SELECT count(*) FROM bkp.runs JOIN bkp.backup_schedules AS schedule
    ON schedule.id = schedule_id WHERE schedule.command = '$1' AND runs.status = '$2'"
}

look() {
  say "what a person expects of it"
  titles
  expect "full backups of x121" 4 "$(backups | grep -c -- -full-x121)"
  expect "full runs, complete" 2 "$(runs full completed)"
  expect "full runs without the store" 1 "$(runs full partial)"
  expect "told of the incomplete one" 1 "$(count 'bkp full is not complete')"
  expect "told of its end" 1 "$(count 'bkp full works again')"
  expect "summaries" 3 "$(titles | grep -c '^summary: ')"
  (($(titles | wc -l) < 20)) || die "a storm of messages"
  expect "what is still wrong" '"problems": []' \
    "$(bkp notify list --json | tr -d '\n ' | grep -o '"problems":\[\]' | sed 's/:/: /')"
  expect "copies on the store that was away" 4 \
    "$(in_root find /mnt/vault/bkp/studio/backups -path '*-full-x121/manifest.json' | wc -l)"
  bkp verify --all --level checksum
  bkp status
}

main() {
  begin
  clean_root
  install_package
  start_cluster
  configure
  require_both_stores
  listen
  bkp init
  real_cron
  nights
  look
  say "nobody had to look"
}

main
