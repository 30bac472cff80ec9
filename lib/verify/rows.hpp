#pragma once

#include <string_view>
#include <vector>

#include "pg/fingerprint.hpp"
#include "run/progress.hpp"
#include "verify/check.hpp"

namespace bkp::verify {

/// The indices of the tables whose rows are read back for a `share` (0..1) of them: always the
/// largest, the others as a hash of `seed` and name draws them, so that the same backup gives the
/// same sample and another backup another one. In archive order.
std::vector<std::size_t> choose_tables(const pg::Fingerprint& fingerprint, double share,
                                       std::string_view seed);

/// A probe for each of the tables chosen: reads all of its rows back by COPY and compares number
/// and hash with the dump's. Tables that share a COPY statement (partitions dumped through their
/// root) are compared together. `progress` and `fingerprint` must outlive the probes.
std::vector<Probe> row_probes(const pg::Fingerprint& fingerprint,
                              const std::vector<std::size_t>& chosen, run::Progress& progress);

/// One probe: number, bytes and hash of all large objects.
Probe large_objects_probe(const pg::Fingerprint& fingerprint);

/// Gives a connection the settings under which pg_dump wrote its COPY text (pg_dump.c,
/// setup_connection), and those that backup/dump.cpp adds: UTC, hexadecimal bytea.
void use_dump_settings(pg::Connection& connection, const pg::Fingerprint& fingerprint);

}  // namespace bkp::verify
