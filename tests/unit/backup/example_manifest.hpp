#pragma once

#include "backup/layout.hpp"
#include "backup/manifest.hpp"

inline const bkp::backup::Layout example_layout{"studio"};
inline const std::string example_label = "20261121T020000Z-full-x121";

/// A manifest with a value in every field.
inline bkp::backup::Manifest example_manifest(const std::string& label = example_label) {
  bkp::backup::Manifest manifest;
  manifest.site = "studio";
  manifest.label = label;
  manifest.triggered_by = "schedule";
  manifest.host = "db1";
  manifest.bkp_version = "0.1.0";
  manifest.system_identifier = "7300000000000000001";
  manifest.server_version = 150018;
  manifest.dump_version = "15.18";
  manifest.started_at = bkp::util::parse_time("2026-11-21T02:00:00Z");
  manifest.completed_at = bkp::util::parse_time("2026-11-21T02:01:40Z");
  manifest.database = {"x121", "owner", "UTF8", "de_DE.UTF-8", "de_DE.UTF-8", "libc", "", 4096};
  manifest.parts = {
      {"dump.pgc.zst", "dump", "zstd", "none", 10, 100, std::string(32, 'a'), std::string(64, 'b')},
      {"globals.sql.zst", "globals", "zstd", "none", 5, 50, std::string(32, 'c'),
       std::string(64, 'd')}};
  bkp::pg::Fingerprint fingerprint;
  fingerprint.header.version = {1, 14, 0};
  fingerprint.client_encoding = "LATIN1";
  fingerprint.archive_bytes = 100;
  bkp::pg::TableFingerprint table;
  table.schema = "public";
  table.table = "caf\xe9";
  table.copy_statement = "COPY public.\"caf\xe9\" (a) FROM stdin;";
  table.rows = 7;
  table.bytes = 70;
  table.hash = std::string(32, '1');
  fingerprint.tables.push_back(table);
  fingerprint.large_objects = {2, 20, std::string(32, '2')};
  manifest.fingerprint = fingerprint;
  manifest.warnings = {"careful"};
  return manifest;
}
