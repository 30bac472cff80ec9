#!/usr/bin/env bash
# The Debian package as a site meets it, in a clean Debian of its own: run.sh DEB DIRECTORY
#   DEB        the package
#   DIRECTORY  made when missing; the clean system is kept there as root-KEY.tar.zst and is made anew
#              (from $DEBIAN_MIRROR, through the network) only where what is to be in it has changed
# Needs root and the right to mount; exits with 77 where it has not both. Mounts and processes are in
# namespaces of their own: they end with this script, however it ends.
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")

say() { printf '\n── %s\n' "$*"; }

die() {
  printf 'package test: %s\n' "$*" >&2
  exit 1
}

if [[ ${1:-} != --inside ]]; then
  if [[ $(id -u) != 0 ]] || ! unshare --mount --pid --fork true 2>/dev/null; then
    echo "skipped: a chroot needs root and the right to mount" >&2
    exit 77
  fi
  exec unshare --mount --pid --fork --kill-child "$here/run.sh" --inside "$@"
fi

deb=$(realpath "$2")
mkdir -p "$3"
directory=$(realpath "$3")
root=$directory/root
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
release=bookworm
cluster_runs=
makes_root=

# ---- The clean system ---------------------------------------------------------------------------

in_root() {
  chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "$@"
}

# Without what is recommended: the clients come with the server, and cron would bring a mail server.
apt() { in_root apt-get -y -q --no-install-recommends -o Dpkg::Use-Pty=0 "$@"; }
as() { in_root runuser -u "$1" -- "${@:2}"; }
bkp() { as bkp bkp "$@"; }
sql() { as postgres psql -XAtq -v ON_ERROR_STOP=1 "$@"; }

clean_up() {
  local status=$?
  trap - EXIT INT TERM
  if [[ -n $makes_root ]]; then
    tail -n 20 "$directory/root.log" >&2
    printf '%s\n' "package test: the clean system could not be made: see $directory/root.log" \
      "  without the network that it needs the first time: ./dev test -LE package" >&2
  fi
  [[ -z $cluster_runs ]] || in_root pg_ctlcluster 15 main stop -m immediate || true
  ! mountpoint -q "$root/proc" || umount "$root/proc" || umount --lazy "$root/proc"
  rm -rf --one-file-system "$root"
  exit "$status"
}

# What decides which packages the clean system holds or has at hand.
key() {
  {
    dpkg-deb --field "$deb" Depends
    declare -f make_root
  } | sha256sum | cut -c 1-12
}

# Has a server that was not started and no cluster; not the package. What the package depends on is
# not installed but at hand in apt's cache, so that a dependency it does not declare is missed.
make_root() {
  debootstrap --variant=minbase "$release" "$root" "$mirror"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  mkdir -p "$root/etc/postgresql-common/createcluster.d"
  echo 'create_main_cluster = false' >"$root/etc/postgresql-common/createcluster.d/test.conf"
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/test"
  printf '%s;\n' 'APT::Sandbox::User "root"' 'APT::Keep-Downloaded-Packages "true"' \
    >"$root/etc/apt/apt.conf.d/test"
  mount -t proc proc "$root/proc"
  apt update
  apt install postgresql-15
  apt clean
  cp "$deb" "$root/tmp/bkp.deb"
  apt install --download-only /tmp/bkp.deb
  rm "$root/tmp/bkp.deb"
}

clean_root() {
  local archive
  archive=$directory/root-$(key).tar.zst
  rm -rf --one-file-system "$root"
  if [[ -e $archive ]]; then
    mkdir "$root"
    tar -xf "$archive" -C "$root" --zstd --numeric-owner
    mount -t proc proc "$root/proc"
    return
  fi
  say "making a clean $release from $mirror: once, then it is kept in $archive"
  rm -f "$directory"/root-*.tar.zst
  makes_root=yes
  make_root >"$directory/root.log" 2>&1
  makes_root=
  tar -cf "$archive.part" -C "$root" --zstd --numeric-owner --one-file-system .
  mv "$archive.part" "$archive"
}

# ---- What is looked at --------------------------------------------------------------------------

# The same package, older, and with a file that the newer one has no more.
older_package() {
  local tree=$directory/older
  rm -rf "$tree"
  dpkg-deb --raw-extract "$deb" "$tree"
  sed -i 's/^Version: .*/Version: 0.0.1-1/' "$tree/DEBIAN/control"
  echo "gone in the next version" >"$tree/usr/share/doc/bkp/gone"
  dpkg-deb --root-owner-group -Zgzip --build "$tree" "$root/tmp/bkp-older.deb" >/dev/null
  rm -rf "$tree"
}

expect() {
  [[ $2 == "$3" ]] || die "$1: expected \"$2\", found \"$3\""
}

installed_version() { in_root dpkg-query -W -f "\${Version}" bkp; }

expect_owner() {
  expect "owner and mode of $2" "$1" "$(in_root stat -c '%U:%G %a' "$2")"
}

expect_no() {
  [[ ! -e $root$1 && ! -L $root$1 ]] || die "$1 is still there: $(in_root find "$1")"
}

# Every file of the store, with its contents.
store_digest() { (cd "$root/var/backups/bkp" && find . -type f -print0 | sort -z | xargs -0 sha256sum); }

# What a site's backups, configuration and cron file are: owner, mode and contents.
kept() {
  store_digest
  in_root stat -c '%n %U:%G %a' /etc/bkp /etc/bkp/bkp.yaml /var/lib/bkp /var/backups/bkp /mnt/vault/bkp \
    /etc/cron.d/bkp
  in_root sha256sum /etc/bkp/bkp.yaml /etc/cron.d/bkp
}

# Every line of the cron file as cron would run it. A success prints nothing.
run_cron_lines() {
  local path user command output count=0
  path=$(sed -n 's/^PATH=//p' "$root/etc/cron.d/bkp")
  while read -r _ _ _ _ _ user command; do
    printf 'cron: %s\n' "$command"
    output=$(as "$user" env -i SHELL=/bin/sh PATH="$path" HOME=/var/lib/bkp LOGNAME="$user" \
      /bin/sh -c "$command" 2>&1) || die "cron's \"$command\" failed: $output"
    [[ -z $output ]] || die "cron's \"$command\" would send a mail: $output"
    count=$((count + 1))
  done < <(grep '^[0-9*]' "$root/etc/cron.d/bkp")
  expect "lines of the cron file" 1 "$count"
}

backups() { bkp list --json | grep -o '"label": *"[^"]*"' | sort -u; }

# ---- The steps of the README, and what follows in the life of a package --------------------------

lint_package() {
  say "lintian"
  lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$deb"
}

install_older() {
  say "install (an older version)"
  older_package
  apt install /tmp/bkp-older.deb
  expect "version" 0.0.1-1 "$(installed_version)"
  [[ -e $root/usr/share/doc/bkp/gone ]] || die "the older package is not the older one"
  local directory
  for directory in /etc/bkp /var/lib/bkp /var/lib/bkp/spool /var/lib/bkp/scratch /var/backups/bkp; do
    expect_owner "bkp:bkp 700" "$directory"
  done
  expect_owner "root:root 644" /etc/cron.d/bkp
  expect "the user's entry" "/var/lib/bkp:/bin/bash" "$(in_root getent passwd bkp | cut -d: -f6-)"
  say "cron before there is a configuration"
  run_cron_lines
}

start_cluster() {
  say "a cluster, and a role in it"
  in_root pg_createcluster 15 main --locale C.UTF-8 -- --no-sync
  in_root pg_conftool 15 main set fsync off
  cluster_runs=yes
  in_root pg_ctlcluster 15 main start
  sql -c 'CREATE ROLE bkp LOGIN SUPERUSER'
  as postgres createdb x121
  sql -d x121 -v scale=0.02 <"$here/../demo/studio.sql"
  as postgres pg_dump x121 >"$directory/before.sql"
}

# The README's configuration, as it stands in the package; its second store is a directory here.
configure() {
  say "the README's configuration"
  in_root install -d -o bkp -g bkp -m 0700 /mnt/vault/bkp
  # The first one: a later section shows parts of another.
  awk "/^ *\`\`\`/ {inside = /yaml/ && !taken; taken += inside; next}
       inside {sub(/^   /, \"\"); print}" \
    "$root/usr/share/doc/bkp/README.md" |
    in_root runuser -u bkp -- sh -c 'umask 077 && cat >/etc/bkp/bkp.yaml'
  cat "$root/etc/bkp/bkp.yaml"
  # Changes of the site's own, which an upgrade has to leave alone.
  in_root chmod 750 /var/backups/bkp
  in_root sed -i 's/^#MAILTO=root/MAILTO=dba/' /etc/cron.d/bkp
  grep -q '^MAILTO=dba' "$root/etc/cron.d/bkp" || die "no #MAILTO=root in the cron file"
}

protect() {
  say "init, check, full, list, verify"
  bkp init
  bkp check
  bkp full
  bkp list
  bkp verify
  expect "backups of x121" 1 "$(backups | grep -c -- -full-x121)"
}

lose_and_come_back() {
  say "lose a table, and get it back"
  sql -d x121 -c 'DROP TABLE segments CASCADE'
  ! sql -d x121 -c 'SELECT count(*) FROM segments' 2>/dev/null || die "the table is still there"
  bkp restore latest --db x121 --swap --yes x121
  as postgres pg_dump x121 >"$directory/after.sql"
  diff <(contents before) <(contents after) || die "the restored database differs"
  bkp prune --dry-run
  bkp runbook --out /var/lib/bkp/runbook.html
}

# pg_dump marks each dump with words of its own.
contents() { grep -vE '^\\(un)?restrict ' "$directory/$1.sql"; }

upgrade() {
  say "upgrade, with data in place"
  kept >"$directory/before.txt"
  backups >"$directory/backups.txt"
  cp "$deb" "$root/tmp/bkp.deb"
  apt install /tmp/bkp.deb
  expect "version" "$(dpkg-deb --field "$deb" Version)" "$(installed_version)"
  expect_no /usr/share/doc/bkp/gone
  kept | diff "$directory/before.txt" - || die "the upgrade changed what is the site's"
  bkp catalog migrate
  backups | diff "$directory/backups.txt" - || die "bkp list shows other backups than before"
  bkp verify --all --level checksum
  say "cron after the upgrade, and a night in which all that is enabled is due"
  run_cron_lines
  # None comes due by itself meanwhile.
  local schedule
  schedule=$(date -u -d '12 hours ago' '+%-M %-H * * *')
  local due="UPDATE bkp.backup_schedules SET schedule = '$schedule', next_run_at = now() WHERE enabled AND command"
  sql -d bkp -c "$due = 'full'"
  run_cron_lines
  sql -d bkp -c "$due LIKE 'verify%'"
  run_cron_lines
  sql -d bkp -c "$due = 'prune'"
  run_cron_lines
  expect "runs by schedule" "full prune verify verify" "$(sql -d bkp -c "SELECT string_agg(command,
    ' ' ORDER BY command) FROM bkp.runs WHERE schedule_id IS NOT NULL AND status = 'completed'")"
  expect "backups of x121" 2 "$(backups | grep -c -- -full-x121)"
}

remove() {
  say "remove"
  kept >"$directory/before.txt"
  apt remove bkp
  expect_no /usr/bin/bkp
  expect_no /usr/lib/bkp
  expect_no /usr/libexec/bkp
  kept | diff "$directory/before.txt" - || die "removing changed what is the site's"
  say "cron without the programs"
  run_cron_lines
}

purge() {
  say "purge"
  local page
  page=$(find "$root/var/backups/bkp" -path '*/runbook/runbook.html')
  [[ -n $page ]] || die "the store has no runbook, yet purging removes the other one"
  store_digest >"$directory/before.txt"
  echo '{}' >"$root/var/lib/bkp/spool/waits-for-the-catalog.json"
  echo 'secret' >"$root/etc/bkp/pgpass"
  apt purge bkp | tee "$directory/purge.txt"
  store_digest | diff "$directory/before.txt" - || die "purging changed the backups"
  local file
  for file in /etc/cron.d/bkp /etc/bkp/bkp.yaml /var/lib/bkp/scratch /var/lib/bkp/runbook.html; do
    expect_no "$file"
  done
  expect "a record that waits" '{}' "$(cat "$root/var/lib/bkp/spool/waits-for-the-catalog.json")"
  expect "a file of the site" secret "$(cat "$root/etc/bkp/pgpass")"
  for file in /etc/bkp /var/lib/bkp /var/backups/bkp; do
    grep -qF "bkp: $file is not empty and stays" "$directory/purge.txt" || die "not a word on $file"
  done
  expect "owner of the backups" bkp "$(in_root stat -c %U /var/backups/bkp/studio)"
  sql -d bkp -c 'SELECT count(*) FROM bkp.backups' >/dev/null || die "the catalog is gone"
}

come_back_from_nothing() {
  say "installed again: a restore from the backups that stayed, without a configuration"
  apt install /tmp/bkp.deb
  bkp restore latest --db x121 --store file:///var/backups/bkp --site studio --into again
  expect "rows" "$(sql -d x121 -c 'SELECT count(*) FROM segments')" \
    "$(sql -d again -c 'SELECT count(*) FROM segments')"
}

purge_without_data() {
  say "purge where nothing is left"
  in_root rm -rf /var/backups/bkp/studio /var/lib/bkp/spool/waits-for-the-catalog.json /etc/bkp/pgpass
  apt purge bkp
  local directory
  for directory in /etc/bkp /var/lib/bkp /var/backups/bkp; do expect_no "$directory"; done
}

main() {
  trap 'exit 130' INT
  trap 'exit 143' TERM
  exec {lock}>"$directory/lock"
  flock --nonblock "$lock" || die "another run uses $directory: wait for it, or name another directory"
  trap clean_up EXIT
  lint_package
  clean_root
  install_older
  start_cluster
  configure
  protect
  lose_and_come_back
  upgrade
  remove
  purge
  come_back_from_nothing
  purge_without_data
  say "the package does what it should"
}

main
