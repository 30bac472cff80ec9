#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backup/layout.hpp"
#include "backup/manifest.hpp"
#include "config/config.hpp"
#include "seal/keys.hpp"
#include "store/store.hpp"
#include "stream/sink.hpp"
#include "stream/tee.hpp"
#include "util/error.hpp"

namespace bkp::backup {

/// A store that one backup is written to. Once `failure` is set it is left out of the rest of that
/// backup.
struct Target {
  std::string name;
  bool required = true;
  std::shared_ptr<store::Store> store;
  std::optional<util::Error> failure;
  bool left_behind = false;  ///< that failure: it was slower than the others for too long
};

/// How parts are stored. Their names tell: "dump.pgc" becomes "dump.pgc.zst.age".
struct PartFormat {
  config::Compression compression;
  std::vector<seal::Recipient> recipients;  ///< none: not sealed
};

/// Writes one part of a backup to all targets that are still good, in one pass:
///   written data → queue → zstd → age → hash → tee → one object on each target
/// The queue lets the writer of the data run ahead of the compression. A failing target gets its
/// `failure` and the others go on; with the last one gone, write() and finish() throw. abort()
/// fills in the failures that led to it. A target that is slower than the others is left behind as
/// `patience` says; what it is at then may go on until the destructor, which waits for it. The
/// targets must outlive the writer.
class PartWriter final : public stream::Sink {
 public:
  PartWriter(std::vector<Target>& targets, const Layout& layout, const std::string& label,
             const std::string& name, std::string role, const PartFormat& format,
             std::optional<stream::TeeSink::Patience> patience = {});
  ~PartWriter() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;
  /// After finish(): what goes into the manifest.
  const Part& part() const { return m_part; }

 private:
  struct Chain;
  void collect_failures() noexcept;

  std::vector<Target>& m_targets;
  Part m_part;
  std::unique_ptr<Chain> m_chain;
};

/// The good ones among the targets; throws the last failure when there are none.
std::vector<Target*> good_targets(std::vector<Target>& targets);

}  // namespace bkp::backup
