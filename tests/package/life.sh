#!/usr/bin/env bash
# The Debian package as a site meets it, from its installation to its purge: life.sh DEB DIRECTORY
set -euo pipefail

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/clean_debian.sh"

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

change_what_is_the_sites() {
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
  # What was missed begins one after the other.
  run_cron_lines
  run_cron_lines
  expect "runs by schedule" "full prune verify verify verify" "$(sql -d bkp -c "SELECT string_agg(command,
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
  begin
  lint_package
  clean_root
  install_older
  start_cluster
  configure
  change_what_is_the_sites
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
