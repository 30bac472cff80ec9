#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "seal/header.hpp"
#include "wal/archive_key.hpp"

namespace bkp::wal {

/// The head of an archived file's object, with the text of its Description; what follows is the
/// payload. Stock tools pass over it, so `zstd -d`, or `age -d` and `zstd -d`, give the file. Cut
/// behind a frame, an object that is not sealed is a shorter file to them: the text has its size.
///
///   not sealed  a skippable frame of zstd (RFC 8878, 3.1.2): magic number 0x184D2A57 and the
///               text's length, 4 bytes each, little-endian; the text. The payload is zstd
///               frames.
///   sealed      the header of the age file, which has, behind the recipients', a stanza of the
///               type "bkp-wal" with the text as its body. The payload is the age file's; what is
///               sealed in it are zstd frames.

/// The stanza for the header of a sealed object.
seal::Stanza description_stanza(std::string_view text);
/// The head of one that is not sealed.
std::string description_frame(std::string_view text);

struct ObjectHead {
  std::size_t size = 0;  ///< bytes of the object before its payload
  std::string text;      ///< of the Description
};

inline constexpr std::size_t largest_head = std::size_t{64} << 10U;

/// From the beginning of an object; nullopt while it is too short to tell. Throws Error{damaged}
/// for what is no head.
std::optional<ObjectHead> parse_object_head(std::string_view begin, Sealing sealing);

}  // namespace bkp::wal
