#pragma once

#include <string>

#include "stream/sink.hpp"

namespace bkp::seal {

/// Takes the ASCII armor off an age file (age-encryption.org/v1, "ASCII armor": strict PEM, RFC
/// 7468); passes a binary one, known by its first byte, on as it is. White space before and behind
/// the armor is passed over. Throws Error{damaged} for armor that is not as age writes it; what was
/// passed on before is a beginning of the file.
class DearmorSink final : public stream::Sink {
 public:
  explicit DearmorSink(stream::Sink& next) : m_next{next} {}
  ~DearmorSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

 private:
  enum class Place { start, binary, before, body, last_line, behind };
  void take(char c);
  void take_line();
  void take_body_line();

  stream::Sink& m_next;
  Place m_place = Place::start;
  std::string m_line;
  bool m_ended = false;
};

}  // namespace bkp::seal
