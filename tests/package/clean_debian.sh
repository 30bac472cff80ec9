# shellcheck shell=bash
# A Debian of its own for a test of the package; sourced by the scripts beside this file, which are called
# with DEB DIRECTORY:
#   DEB        the package
#   DIRECTORY  made when missing; the clean system is kept there as root-KEY.tar.zst and is made anew
#              (from $DEBIAN_MIRROR, through the network) only where what is to be in it has changed
# Needs root and the right to mount; exits with 77 where it has not both. Mounts and processes are in
# namespaces of their own: they end with the script, however it ends.
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
  exec unshare --mount --pid --fork --kill-child "$(realpath "$0")" --inside "$@"
fi

deb=$(realpath "$2")
mkdir -p "$3"
directory=$(realpath "$3")
root=$directory/root
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
release=bookworm
cluster_runs=
makes_root=
started=() # processes outside the clean system, to be ended

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
  ((${#started[@]} == 0)) || kill "${started[@]}" || true
  [[ -z $cluster_runs ]] || in_root pg_ctlcluster 15 main stop -m immediate || true
  local place
  for place in dev/shm var/backups mnt; do
    ! mountpoint -q "$root/$place" || umount "$root/$place" || umount --lazy "$root/$place"
  done
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
  apt install --download-only cron faketime
  rm "$root/tmp/bkp.deb"
}

make_and_keep_root() {
  local archive=$1
  say "making a clean $release from $mirror: once, then it is kept in $archive"
  rm -f "$directory"/root-*.tar.zst
  makes_root=yes
  make_root >"$directory/root.log" 2>&1
  makes_root=
  tar -cf "$archive.part" -C "$root" --zstd --numeric-owner --one-file-system .
  mv "$archive.part" "$archive"
}

clean_root() {
  local archive
  archive=$directory/root-$(key).tar.zst
  rm -rf --one-file-system "$root"
  if [[ -e $archive ]]; then
    mkdir "$root"
    tar -xf "$archive" -C "$root" --zstd --numeric-owner
    mount -t proc proc "$root/proc"
  else
    make_and_keep_root "$archive"
  fi
  # Where the stores are. How full this machine's disk is would be said of them, and told.
  local place
  for place in var/backups mnt; do mount -t tmpfs -o mode=0755,size=2g tmpfs "$root/$place"; done
}

# ---- What is looked at --------------------------------------------------------------------------

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

# ---- A site in it -------------------------------------------------------------------------------

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
}

begin() {
  trap 'exit 130' INT
  trap 'exit 143' TERM
  exec {lock}>"$directory/lock"
  flock --nonblock "$lock" || die "another run uses $directory: wait for it, or name another directory"
  trap clean_up EXIT
}
