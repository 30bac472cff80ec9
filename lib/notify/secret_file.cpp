#include "notify/secret_file.hpp"

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::notify {

namespace {

constexpr std::size_t longest_secret = 16U << 10U;

}  // namespace

std::string read_secret(const std::filesystem::path& file, std::string_view what) {
  auto text = util::read_private_file(file, what, longest_secret);
  if (text) return std::move(*text);
  throw util::Error{util::ErrorKind::key,
                    fmt::format("{} {} is not there", what, util::quoted(file.string())),
                    "make it, for bkp's user alone (mode 600)"};
}

}  // namespace bkp::notify
