#include "run/context.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "run/stores.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::run {

using util::Error;

namespace {

pg::Conninfo with_password_file(pg::Conninfo conninfo,
                                const std::optional<std::filesystem::path>& password_file) {
  if (!password_file) return conninfo;
  util::require_private(*password_file, "password file");
  return conninfo.with("passfile", password_file->string());
}

// Of an environment's password and a named file the file wins, for sessions and children alike.
pg::Conninfo with_password(pg::Conninfo conninfo, const util::Environment& environment) {
  const auto password = environment.get("PGPASSWORD");
  if (!password || conninfo.get("password") || conninfo.get("passfile")) return conninfo;
  return conninfo.with("password", *password);
}

}  // namespace

pg::Conninfo cluster_conninfo(const config::Config& config, const util::Environment& environment) {
  auto conninfo = pg::Conninfo::parse(config.cluster.conninfo);
  if (!conninfo.get("dbname")) conninfo = conninfo.with_database("postgres");
  return with_password(with_password_file(std::move(conninfo), config.cluster.password_file),
                       environment);
}

pg::Conninfo catalog_conninfo(const config::Config& config, const util::Environment& environment) {
  if (!config.catalog.conninfo) return cluster_conninfo(config, environment).with_database("bkp");
  auto conninfo = pg::Conninfo::parse(*config.catalog.conninfo);
  if (!conninfo.get("dbname")) conninfo = conninfo.with_database("bkp");
  const auto& own = config.catalog.password_file;
  return with_password(
      with_password_file(std::move(conninfo), own ? own : config.cluster.password_file),
      environment);
}

pg::Conninfo Context::cluster() const {
  return cluster_conninfo(config, environment);
}

pg::Conninfo Context::catalog_conninfo() const {
  return run::catalog_conninfo(config, environment);
}

catalog::Catalog Context::open_catalog() const {
  return catalog::Catalog::open(catalog_conninfo(), config.catalog.schema, interrupt);
}

pg::Tools Context::tools() const {
  return pg::Tools{config.cluster.bin_directory, processes, environment};
}

void Context::warn(std::string message) {
  log.warning("{}", message);
  warnings.push_back(std::move(message));
}

void Context::warn_of_outage(const Error& error, const std::string& consequence) {
  if (!recorder.claim_outage_warning()) {
    log.debug("the catalog cannot be reached: {}", consequence);
    return;
  }
  auto text = fmt::format("the catalog cannot be reached ({}): {}", error.message(), consequence);
  if (const auto file = recorder.spool_file()) {
    text += fmt::format("; this run is noted in {} and entered later", file->string());
  }
  warn(std::move(text));
}

OpenedStores Context::open_stores(const std::vector<std::string>& names,
                                  store::OpenMode mode) const {
  for (const auto& name : names) config.store(name);
  OpenedStores opened;
  for (const auto& wanted : config.stores) {
    if (!names.empty() && std::find(names.begin(), names.end(), wanted.name) == names.end())
      continue;
    try {
      opened.stores.push_back({wanted.name, wanted.required, open_place(wanted, mode)});
    } catch (Error& error) {
      error.add_context(fmt::format("opening store {}", util::quoted(wanted.name)));
      opened.failures.push_back({wanted.name, wanted.url, wanted.required, error});
    }
  }
  return opened;
}

std::unique_ptr<store::Store> Context::open_place(const config::Store& wanted,
                                                  store::OpenMode mode) const {
  return run::open_store(wanted, mode, {environment, processes, interrupt});
}

NamedStore Context::open_store(const std::string& name) const {
  auto opened = open_stores({name});
  if (!opened.failures.empty()) throw opened.failures.front().error;
  return std::move(opened.stores.front());
}

}  // namespace bkp::run
