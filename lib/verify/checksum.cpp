#include "verify/checksum.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "backup/parts.hpp"
#include "physical/tar.hpp"
#include "recover/globals.hpp"
#include "stream/sinks.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::verify {

namespace {

/// What pg_dumpall writes last.
constexpr std::string_view globals_end = "-- PostgreSQL database cluster dump complete";

/// The fingerprint of the dump as it streams past, if the archive can be read.
void check_dump(run::Context& context, const backup::Source& source, const backup::Part& part,
                std::vector<Check>& checks) {
  stream::NullSink end;
  pg::FingerprintSink fingerprint{end};
  stream::ObservingSink meter{fingerprint, [&](std::size_t bytes) {
                                context.interrupt.check();
                                context.progress.advance(bytes);
                              }};
  backup::fetch_part(*source.store.store, source.layout, source.manifest(), part, source.keys,
                     meter);
  const auto& expected = source.manifest().fingerprint;
  const auto& found = fingerprint.fingerprint();
  if (!expected) {
    checks.push_back(
        skipped("fingerprint", part.name, source.manifest().fingerprint_missing_reason));
  } else if (!found) {
    checks.push_back(skipped("fingerprint", part.name,
                             fingerprint.unreadable().value_or("the archive cannot be read here")));
  } else if (auto difference = compare_fingerprints(*expected, *found); !difference.empty()) {
    checks.push_back(failed("fingerprint", part.name, std::move(difference)));
  } else {
    checks.push_back(passed("fingerprint", part.name));
  }
}

/// That it can be taken apart; its bytes are proven by the digests.
void check_tar(run::Context& context, const backup::Source& source, const backup::Part& part) {
  physical::TarReader tar{[&](const physical::TarEntry& entry) {
    context.interrupt.check();
    context.progress.advance(entry.bytes);
    return std::unique_ptr<stream::Sink>{};
  }};
  backup::fetch_part(*source.store.store, source.layout, source.manifest(), part, source.keys, tar);
}

std::string check_globals(const backup::Source& source, const backup::Part& part) {
  stream::StringSink text;
  backup::fetch_part(*source.store.store, source.layout, source.manifest(), part, source.keys,
                     text);
  recover::parse_globals(text.text());
  if (text.text().find(globals_end) != std::string::npos) return {};
  return "the script does not come to its end";
}

Check check_part(run::Context& context, const backup::Source& source, const backup::Part& part,
                 std::vector<Check>& more) {
  try {
    std::string trouble;
    if (part.encryption == "age" && source.keys.identities.empty()) {
      stream::NullSink end;
      backup::fetch_stored_part(*source.store.store, source.layout, source.manifest(), part, end,
                                stream::DigestSet::md5_and_sha256);
      more.push_back(skipped("content", part.name,
                             "it is sealed, and there is no identity here to open it with"));
    } else if (part.role == "dump") {
      check_dump(context, source, part, more);
    } else if (part.role == "base" || part.role == "pages" || part.role == "config") {
      check_tar(context, source, part);
    } else {
      trouble = check_globals(source, part);
    }
    if (trouble.empty()) return passed("part", part.name);
    return failed("part", part.name, std::move(trouble));
  } catch (const util::Error& error) {
    if (error.kind() != util::ErrorKind::damaged) throw;
    return failed("part", part.name, error.full_message());
  }
}

class ManifestChecks {
 public:
  void require(bool good, std::string name, std::string message) {
    m_checks.push_back(good ? passed("manifest", std::move(name))
                            : failed("manifest", std::move(name), std::move(message)));
  }
  std::vector<Check> take() { return std::move(m_checks); }

 private:
  std::vector<Check> m_checks;
};

}  // namespace

std::vector<Check> check_manifest(const backup::Manifest& manifest) {
  ManifestChecks checks;
  const auto* dump = manifest.part("dump");
  const auto* role = manifest.parent     ? "pages"
                     : manifest.physical ? "base"
                     : manifest.config   ? "config"
                                         : "dump";
  checks.require(manifest.part(role) != nullptr, fmt::format("names a {}", role),
                 fmt::format("there is no part with the role {}", role));
  std::set<std::string> names;
  for (const auto& part : manifest.parts) names.insert(part.name);
  checks.require(names.size() == manifest.parts.size(), "parts are distinct",
                 "two parts have the same name");
  checks.require(manifest.started_at <= manifest.completed_at, "times are in order",
                 "it was completed before it was started");
  if (manifest.fingerprint && dump != nullptr) {
    checks.require(manifest.fingerprint->archive_bytes == dump->original_bytes,
                   "fingerprint covers the dump",
                   fmt::format("the fingerprint is of {} bytes, the dump has {}",
                               manifest.fingerprint->archive_bytes, dump->original_bytes));
  }
  return checks.take();
}

std::vector<Check> check_parts(run::Context& context, const backup::Source& source,
                               std::uint64_t& bytes) {
  std::vector<Check> checks;
  const auto& manifest = source.manifest();
  const run::ProgressStep step{context.progress, "reading " + manifest.label,
                               manifest.original_bytes()};
  for (const auto& part : manifest.parts) {
    std::vector<Check> more;
    const auto begin = context.clock.steady();
    Check check = check_part(context, source, part, more);
    check.seconds = util::Duration{context.clock.steady() - begin}.count();
    checks.push_back(std::move(check));
    std::move(more.begin(), more.end(), std::back_inserter(checks));
    bytes += part.size_bytes;
  }
  return checks;
}

std::string compare_fingerprints(const pg::Fingerprint& expected, const pg::Fingerprint& found) {
  if (expected.archive_bytes != found.archive_bytes) {
    return fmt::format("the dump has {} bytes, the manifest says {}", found.archive_bytes,
                       expected.archive_bytes);
  }
  if (expected.tables.size() != found.tables.size()) {
    return fmt::format("the dump has data of {} tables, the manifest says {}", found.tables.size(),
                       expected.tables.size());
  }
  for (std::size_t i = 0; i < expected.tables.size(); ++i) {
    const auto& a = expected.tables[i];
    const auto& b = found.tables[i];
    const bool same = a.schema == b.schema && a.table == b.table && a.rows == b.rows &&
                      a.bytes == b.bytes && a.hash == b.hash &&
                      a.copy_statement == b.copy_statement;
    if (!same) {
      return fmt::format(
          "table {} is not as the manifest says: {} rows with hash {}, not {} with {}",
          util::quoted(b.schema + "." + b.table), b.rows, b.hash, a.rows, a.hash);
    }
  }
  const auto& a = expected.large_objects;
  const auto& b = found.large_objects;
  if (a.count != b.count || a.bytes != b.bytes || a.hash != b.hash) {
    return fmt::format("the large objects are not as the manifest says: {}, not {}", b.count,
                       a.count);
  }
  return {};
}

}  // namespace bkp::verify
