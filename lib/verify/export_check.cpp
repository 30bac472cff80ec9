#include "verify/export_check.hpp"

#include <fmt/format.h>

#include "exports/rows.hpp"
#include "exports/versions.hpp"
#include "util/error.hpp"

namespace bkp::verify {

namespace {

Check check_section(const exports::Section& section, Verification& result) {
  try {
    for (const auto& entry : section.entries) {
      if (entry.type != exports::EntryType::rows) continue;
      const auto rows = exports::parse_rows(entry.contents, entry.path);
      result.rows_total += rows.rows.size();
      result.rows_checked += rows.rows.size();
    }
    return passed("section", section.name);
  } catch (const util::Error& error) {
    return failed("section", section.name, error.full_message());
  }
}

}  // namespace

void verify_export(run::Context& context, const backup::Source& source, Verification& result) {
  const auto began = context.clock.steady();
  exports::Contents contents;
  try {
    contents = exports::read_export(source);
    result.bytes_read += source.manifest().size_bytes();
    result.checks.push_back(passed("part", "config.tar"));
  } catch (const util::Error& error) {
    if (error.kind() != util::ErrorKind::damaged) throw;
    result.checks.push_back(failed("part", "config.tar", error.full_message()));
    return;
  }
  for (const auto& section : contents.sections) {
    if (section.error.empty()) {
      result.checks.push_back(check_section(section, result));
    } else {
      result.checks.push_back(
          skipped("section", section.name, "it could not be exported: " + section.error));
    }
  }
  result.restore_seconds = util::Duration{context.clock.steady() - began}.count();
}

}  // namespace bkp::verify
