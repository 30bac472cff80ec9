#pragma once

#include <unistd.h>

#include <string>

#include "fault/fault_site.hpp"

namespace bkp::test {

/// Runs a script with the site's programs as `bkp`, where it may mount what it wants: in a mount
/// namespace of its own, which ends with it. $store is the directory of the store "local".
inline Outcome with_own_mounts(const FaultSite& site, const std::string& script) {
  std::vector<std::string> argv{"unshare", "--mount"};
  // Only root may mount as who he is; root of a user namespace of its own is no other's.
  if (::geteuid() != 0) argv.emplace_back("--map-root-user");
  argv.insert(argv.end(),
              {"bash", "-c",
               "set -eu; bkp() { " + InstalledBkp::program().string() + " \"$@\"; }\n" + script});
  return Program{std::move(argv)}
      .with_variable("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
      .with_variable("BKP_CONFIG", site.config_file().string())
      .with_variable("store", site.store().string())
      .run();
}

/// The store on a file system of `size`, with what is in it now.
inline std::string on_small_disk(const std::string& size) {
  return "cp -a \"$store\" \"$store.kept\"\n"
         "mount -t tmpfs -o mode=0700,size=" +
         size +
         " tmpfs \"$store\"\n"
         "cp -a \"$store.kept/.\" \"$store\"; rm -r \"$store.kept\"\n";
}

/// Runs what may fail and prints how it ended.
inline const std::string fails =
    "fails() { local code=0; \"$@\" || code=$?; echo \"exit $code\"; }\n";

}  // namespace bkp::test
