#pragma once

#include <string>
#include <vector>

#include "backup/full_backup.hpp"
#include "backup/repository.hpp"
#include "backup/site_file.hpp"
#include "backup/source.hpp"
#include "support/open_store.hpp"
#include "support/outside.hpp"
#include "support/shared_cluster.hpp"
#include "support/temporary_directory.hpp"

namespace bkp::test {

/// A site on the shared cluster with one local store, and a context to run things in. The catalog
/// does not exist: everything here must do without.
class RestoreBench {
 public:
  RestoreBench() {
    const auto store = open_store(config.stores.at(0).url, store::OpenMode::create);
    backup::write_site_file(*store, backup::Layout{config.site}, {config.site, "", clock.now()});
  }

  /// Takes a backup of the database; opens it on the store.
  backup::Source back_up(const std::string& database) {
    const auto result = backup::full_backup(context, {.databases = {database}});
    if (const auto error = result.error()) throw util::Error{*error};
    return backup::open_source(context.open_store("local"), backup::Layout{config.site},
                               result.items.at(0).record, run::reading_keys(config));
  }

  TemporaryDirectory directory;
  config::Config config = make_config();
  util::SystemClock clock;
  Outside outside{.environment = util::Environment::of_this_process()};
  catalog::Recorder recorder{
      {conninfo("no_catalog"), "bkp", directory / "spool"}, clock, outside.log, outside.interrupt};
  run::Context context = outside.context(config, clock, recorder);

 private:
  config::Config make_config() const {
    config::Config made;
    made.site = "studio";
    made.cluster.conninfo = cluster().conninfo();
    made.catalog.spool_directory = directory / "spool";
    made.recover.scratch_directory = directory / "scratch";
    config::Store local;
    local.name = "local";
    local.url = "file://" + (directory / "store").string();
    made.stores.push_back(local);
    return made;
  }
};

}  // namespace bkp::test
