#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sftp/pool.hpp"
#include "store/key.hpp"
#include "stream/sink.hpp"

namespace bkp::sftp {

/// An object of an SFTP store while it is written: a file ".bkp-<random>" in the object's
/// directory, over a session of its own. Up to 2 MiB are on their way unconfirmed.
///
/// Nothing is heard of the server while nothing is written: one that asks its clients whether they
/// are there (ClientAliveInterval) ends the connection of a sink that is fed too seldom.
///
/// An upload whose connection breaks fails: a server that went down with it may have lost what it
/// had confirmed and not flushed, and would not say so.
///
/// finish() lets the server flush the file, renames it, and lets the server flush it once more by
/// its new name: SFTP cannot flush a directory, but the file systems that keep a journal write a
/// new name with the next flush of its file. When the connection breaks during the renaming it is
/// looked up, over a new one, whether it was done.
class ObjectSink final : public stream::Sink {
 public:
  ObjectSink(Pool& pool, std::string url, store::Key key);
  ~ObjectSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

 private:
  Operation operation() const { return {"create", m_key.text(), m_url}; }
  Pool::Lease open_temporary();
  void hand_over(std::size_t most_left);
  template <class Body>
  void guarded(Body&& body);
  void publish(Session& session);
  bool is_published(Session& session) const;
  void clean_up(Session& session);

  Pool& m_pool;
  std::string m_url;
  store::Key m_key;
  std::string m_directory;
  std::string m_final;      ///< the object's path
  std::string m_temporary;  ///< beside it
  std::optional<Pool::Lease> m_lease;
  std::unique_ptr<File> m_file;
  std::vector<std::byte> m_waiting;  ///< not confirmed yet, from m_confirmed on
  std::size_t m_confirmed = 0;
  std::size_t m_handed = 0;  ///< of m_waiting, the bytes libssh2 has seen
  std::uint64_t m_size = 0;
  bool m_renaming = false;  ///< asked for; whether it was done is not known before the answer
  bool m_published = false;
  bool m_ended = false;
};

}  // namespace bkp::sftp
