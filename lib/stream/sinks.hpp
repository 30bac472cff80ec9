#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "stream/sink.hpp"

namespace bkp::stream {

/// Takes everything, keeps nothing.
class NullSink final : public Sink {
 public:
  void write(std::span<const std::byte>) override {}
  void finish() override {}
  void abort() noexcept override {}
};

/// Collects into a string, at most `limit` bytes (Error{internal} beyond).
class StringSink final : public Sink {
 public:
  explicit StringSink(std::size_t limit = std::size_t{64} << 20U) : m_limit{limit} {}
  void write(std::span<const std::byte> data) override;
  void finish() override { m_finished = true; }
  void abort() noexcept override {}
  const std::string& text() const { return m_text; }
  std::string take() { return std::move(m_text); }
  bool finished() const { return m_finished; }

 private:
  std::size_t m_limit;
  std::string m_text;
  bool m_finished = false;
};

/// Passes data on but holds back finish() and abort(): for an end that is finished only once what
/// came was proven.
class HoldFinishSink final : public Sink {
 public:
  explicit HoldFinishSink(Sink& next) : m_next{next} {}
  void write(std::span<const std::byte> data) override { m_next.write(data); }
  void finish() override {}
  void abort() noexcept override {}

 private:
  Sink& m_next;
};

/// Passes data on, then tells `observe` the piece's size: progress meters, interruption checks.
/// What `observe` throws ends the stream.
class ObservingSink final : public Sink {
 public:
  ObservingSink(Sink& next, std::function<void(std::size_t bytes)> observe)
      : m_next{next}, m_observe{std::move(observe)} {}
  ~ObservingSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

 private:
  Sink& m_next;
  std::function<void(std::size_t)> m_observe;
  bool m_ended = false;
};

/// Passes on `limit` bytes at most: of a piece that goes beyond nothing, and `refuse` is called,
/// which must throw.
class LimitSink final : public Sink {
 public:
  LimitSink(Sink& next, std::uint64_t limit, std::function<void()> refuse)
      : m_next{next}, m_limit{limit}, m_refuse{std::move(refuse)} {}
  ~LimitSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;
  /// Passed on so far.
  std::uint64_t bytes() const { return m_bytes; }

 private:
  Sink& m_next;
  std::uint64_t m_limit;
  std::function<void()> m_refuse;
  std::uint64_t m_bytes = 0;
  bool m_ended = false;
};

}  // namespace bkp::stream
