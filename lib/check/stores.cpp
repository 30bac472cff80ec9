#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <map>

#include "backup/site_file.hpp"
#include "check/topics.hpp"
#include "retention/usage.hpp"
#include "store/url.hpp"
#include "util/rng.hpp"
#include "util/text.hpp"

namespace bkp::check {

using util::Error;
using util::ErrorKind;

namespace {

// Where the store keeps its files, if it does.
std::optional<std::filesystem::path> directory_of(const std::string& url) {
  if (store::scheme_of(url) != "file") return std::nullopt;
  return store::path_of_file_url(url);
}

std::optional<struct stat> status_of(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return info;
}

void remove_quietly(store::Store& store, const store::Key& key) {
  try {
    store.remove(key);
  } catch (const Error&) {
    // The failure that led here is the one to report.
  }
}

constexpr std::string_view probe_prefix = "check-";

/// What checks left that were killed; a younger one may be at work.
void remove_old_probes(store::Store& store, const backup::Layout& layout, util::Time now) {
  for (const auto& name : store.names(layout.backups())) {
    if (!name.starts_with(probe_prefix)) continue;
    const auto key = layout.backups() / name / "x";
    const auto probe = store.stat(key);
    if (probe && probe->modified < now - std::chrono::hours{1}) store.remove(key);
  }
}

/// Where backups go, whose directory may have other rights than the store's.
void probe(store::Store& store, const backup::Layout& layout) {
  const auto key = layout.backups() / fmt::format("{}{}", probe_prefix, util::random_hex(8)) / "x";
  const std::string text = "bkp check writes, reads and removes this.\n";
  try {
    store::put_text(store, key, text);
    if (store::get_text(store, key) != text) {
      throw Error{ErrorKind::damaged,
                  fmt::format("{} gave back other bytes than were written", store.url()),
                  "examine that file system or server before trusting it with a backup"};
    }
  } catch (const Error&) {
    remove_quietly(store, key);
    throw;
  }
  if (!store.remove(key) || store.stat(key)) {
    throw Error{ErrorKind::store, fmt::format("{} does not remove objects", store.url()),
                "check the permissions: prune needs to remove"};
  }
}

void examine_space(run::Context& context, const run::NamedStore& named,
                   const backup::Layout& layout, const std::string& check, Findings& findings) {
  const auto capacity = context.config.store(named.name).capacity;
  const auto usage = retention::measure(named, layout, capacity, context.clock.now());
  const auto text = retention::describe(usage);
  if (retention::fullness(usage) >= context.config.status.capacity_alert) {
    findings.warning(check, text,
                     "make room: `bkp prune`, a `retention` that keeps less, or a larger disk");
  } else {
    findings.ok(check, text);
  }
}

void examine_directory(const std::filesystem::path& directory, const std::string& check,
                       Findings& findings) {
  const auto info = status_of(directory);
  if (!info) return;
  const auto name = util::shell_quoted(directory.string());
  if ((info->st_mode & 0077U) != 0) {
    findings.warning(check,
                     fmt::format("{} is open to others (mode {:04o})",
                                 util::quoted(directory.string()), info->st_mode & 07777U),
                     "chmod 700 " + name);
  }
  if (info->st_uid != ::geteuid()) {
    findings.warning(check,
                     fmt::format("{} belongs to another user", util::quoted(directory.string())),
                     "run bkp as its owner, or chown it");
  }
}

template <class Body>
void attempt_on_store(const run::NamedStore& named, Findings& findings, Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    findings.store(named.name, named.required, error);
  }
}

void examine_store(run::Context& context, const run::NamedStore& named,
                   const std::optional<ServerFacts>& server, Findings& findings) {
  const auto check = "store " + named.name;
  const backup::Layout layout{context.config.site};
  attempt_on_store(named, findings, [&] {
    backup::require_site_file(*named.store, layout, server ? server->system_identifier : "");
    if (context.dry_run) {
      findings.ok(check,
                  fmt::format("{} is readable (not written to in a dry run)", named.store->url()));
    } else {
      remove_old_probes(*named.store, layout, context.clock.now());
      probe(*named.store, layout);
      findings.ok(check, fmt::format("{} is readable and writable", named.store->url()));
    }
    examine_space(context, named, layout, check, findings);
  });
  if (const auto directory = directory_of(named.store->url())) {
    examine_directory(*directory, check, findings);
    examine_ownership(*directory, *directory / layout.root().text(), check, findings);
  }
}

// One disk is one thing that breaks.
void examine_disks(const std::vector<run::NamedStore>& stores,
                   const std::optional<ServerFacts>& server, Findings& findings) {
  std::map<dev_t, std::string> disks;
  if (server && server->local && !server->data_directory.empty()) {
    if (const auto info = status_of(server->data_directory)) disks[info->st_dev] = "the database";
  }
  for (const auto& named : stores) {
    const auto directory = directory_of(named.store->url());
    const auto info = directory ? status_of(*directory) : std::nullopt;
    if (!info) continue;
    const auto [other, alone] = disks.emplace(info->st_dev, "store " + named.name);
    if (alone) continue;
    findings.warning("store " + named.name,
                     fmt::format("it is on the same file system as {}", other->second),
                     "give backups a disk of their own, and every copy another one");
  }
}

}  // namespace

void examine_stores(run::Context& context, const std::optional<ServerFacts>& server,
                    Findings& findings) {
  const auto opened = context.open_stores();
  for (const auto& failure : opened.failures) {
    findings.store(failure.name, failure.required, failure.error);
  }
  for (const auto& named : opened.stores) examine_store(context, named, server, findings);
  examine_disks(opened.stores, server, findings);
}

}  // namespace bkp::check
