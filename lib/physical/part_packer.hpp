#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backup/job.hpp"
#include "backup/part_writer.hpp"
#include "physical/tar.hpp"
#include "run/context.hpp"
#include "stream/rate_limit.hpp"

namespace bkp::physical {

/// What the packers of one backup share.
struct Packing {
  const run::Context& context;
  const backup::Layout& layout;
  const std::string& label;
  std::string role;  ///< of the parts, which are named after it
  backup::PartFormat format;
  std::uint64_t rate = 0;  ///< bytes a second of each packer; 0: no limit
  std::atomic<unsigned> parts = 0;
};

/// Packs files into parts, "ROLE-0001.tar" and so on: each a tar of whole files, ended when it has
/// a size that is handled well. For one thread; several packers work side by side.
class PartPacker {
 public:
  PartPacker(Packing& packing, std::vector<backup::Target> targets);
  ~PartPacker();

  /// Where the next file goes, with room for it.
  TarWriter& tar();
  /// Ends the part that is being packed, if there is one.
  void finish();
  /// Gives it up, and learns what its targets came to.
  void abort() noexcept;

  const std::vector<backup::Part>& parts() const { return m_parts; }
  const std::vector<backup::Target>& targets() const { return m_targets; }

 private:
  struct Open;
  Packing& m_packing;
  std::vector<backup::Target> m_targets;
  std::vector<backup::Part> m_parts;
  std::unique_ptr<Open> m_open;
};

}  // namespace bkp::physical
