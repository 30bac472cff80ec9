#include "support/temporary_directory.hpp"

#include <stdlib.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "support/fail.hpp"

namespace bkp::test {

namespace {

std::filesystem::path base_directory() {
  const char* chosen = std::getenv("TMPDIR");
  const std::string base = chosen != nullptr && chosen[0] == '/' ? chosen : "/tmp";
  // "/bkp-XXXXXX/socket/.s.PGSQL.65535" must fit behind it.
  constexpr std::size_t longest_base = 70;
  return base.size() <= longest_base ? base : "/tmp";
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (base_directory() / "bkp-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    fail("mkdtemp " + name);
  }
  m_path = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(m_path, ignored);
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    throw std::runtime_error{"cannot read " + path.string()};
  }
  return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) {
    throw std::runtime_error{"cannot write " + path.string()};
  }
}

}  // namespace bkp::test
