#pragma once

#include <cstdint>
#include <string>

#include "store/key.hpp"
#include "store/local_directory.hpp"
#include "stream/sink.hpp"
#include "util/fd.hpp"

namespace bkp::store {

/// An object of a local store while it is written: a file ".bkp-<random>" in the object's
/// directory, which gets the object's name in finish() and disappears in abort(). A crash at any
/// point leaves that file, or the whole object, or both names for it.
class LocalObjectSink final : public stream::Sink {
 public:
  /// `root` and `flushed` are used in the constructor only.
  LocalObjectSink(int root, FlushedDirectories& flushed, std::string url, Key key);
  ~LocalObjectSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

 private:
  LocalOperation operation() const { return {"create", m_key.text(), m_url}; }
  LocalDirectory open_temporary(int root, FlushedDirectories& flushed);
  void publish();

  std::string m_url;
  Key m_key;
  std::string m_name;          ///< for errors of write() and close()
  std::string m_current_name;  ///< of the file, in its directory
  util::Fd m_fd;
  LocalDirectory m_directory;
  std::uint64_t m_written = 0;
  std::uint64_t m_on_its_way = 0;  ///< of the bytes written, those the kernel was told to write out
  bool m_ended = false;
};

}  // namespace bkp::store
