#include "bench/physical/floor.hpp"

#include <fmt/format.h>

namespace bkp::bench {

Floor::Floor(PhysicalSite& site)
    : m_site{site}, m_file{site.cluster().make_directory("floor") / "data.tar.zst"} {}

test::Program Floor::pack() const {
  // The server may write meanwhile, which tar tells with 1.
  return m_site.shell(
      fmt::format("set -o pipefail; {{ tar -c --exclude=./pg_wal . || test $? = 1; }} |"
                  " zstd -q -f -3 -T2 -o {}",
                  m_file.string()));
}

test::Program Floor::unpack(const std::filesystem::path& to) const {
  return m_site.shell(fmt::format("set -o pipefail; zstd -q -d -c {} | tar -x -C {} && sync -f {}",
                                  m_file.string(), to.string(), to.string()));
}

test::Program Floor::copy(const std::filesystem::path& to) const {
  return m_site.shell(fmt::format("cp -r base global {} && sync -f {}", to.string(), to.string()));
}

}  // namespace bkp::bench
