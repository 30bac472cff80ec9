#include "physical/tar.hpp"

#include <map>

#include <catch2/catch.hpp>

#include "stream/sinks.hpp"
#include "support/error_of.hpp"
#include "support/recording_sink.hpp"

using namespace bkp;
using namespace bkp::physical;
using namespace bkp::test;

namespace {

using Files = std::map<std::string, std::string>;

std::string packed(const Files& files) {
  stream::StringSink result;
  TarWriter tar{result};
  tar.begin({"base", TarEntry::Type::directory, 0, 0700, {}});
  for (const auto& [path, text] : files) {
    tar.begin({path, TarEntry::Type::file, text.size(), 0640, {}});
    tar.write(bytes_of(text));
    tar.end();
  }
  tar.finish();
  return result.text();
}

/// Collects one file.
class Collect final : public stream::Sink {
 public:
  Collect(Files& files, std::string path) : m_files{files}, m_path{std::move(path)} {}
  void write(std::span<const std::byte> data) override {
    m_text.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  void finish() override { m_files[m_path] = m_text; }
  void abort() noexcept override {}

 private:
  Files& m_files;
  std::string m_path;
  std::string m_text;
};

Files unpacked(const std::string& tar, std::size_t piece) {
  Files files;
  TarReader reader{[&](const TarEntry& entry) -> std::unique_ptr<stream::Sink> {
    if (entry.type == TarEntry::Type::directory) return nullptr;
    CHECK(entry.mode == 0640);
    return std::make_unique<Collect>(files, entry.path);
  }};
  write_in_pieces(reader, tar, piece);
  reader.finish();
  return files;
}

}  // namespace

TEST_CASE("what was packed comes out, in pieces of any size") {
  const Files files{{"PG_VERSION", "15\n"},
                    {"empty", ""},
                    {"base/5/1259", noise(8192)},
                    {"one block", noise(512)},
                    {std::string(90, 'd') + "/" + std::string(90, 'n'), noise(700)}};
  const auto tar = packed(files);
  CHECK(tar.size() % 512 == 0);
  CHECK(unpacked(tar, GENERATE(1U, 511U, 512U, 4096U, 1'000'000U)) == files);
}

TEST_CASE("a tar that was cut or changed in a header is damaged") {
  const auto tar = packed({{"a", noise(3000)}, {"b", noise(10)}});
  for (const std::size_t kept :
       {std::size_t{0}, std::size_t{100}, std::size_t{1200}, tar.size() - 1024, tar.size() - 512}) {
    CAPTURE(kept);
    CHECK(error_of([&] { unpacked(tar.substr(0, kept), 4096); }).kind() ==
          util::ErrorKind::damaged);
  }
  auto changed = tar;
  changed[512 + 3] ^= 1;
  CHECK(error_of([&] { unpacked(changed, 4096); }).kind() == util::ErrorKind::damaged);
  CHECK(error_of([&] { unpacked(tar + packed({}), 4096); }).kind() == util::ErrorKind::damaged);
}

TEST_CASE("a link is refused") {
  auto tar = packed({{"a", "x"}});
  constexpr std::size_t header = 512;
  tar[header + 156] = '2';
  // The checksum's last digits follow the type: '0' became '2'.
  auto digits = std::stoul(tar.substr(header + 148, 6), nullptr, 8) + 2;
  std::string octal;
  for (int i = 0; i < 6; ++i, digits /= 8)
    octal.insert(octal.begin(), static_cast<char>('0' + digits % 8));
  tar.replace(header + 148, 6, octal);
  const auto error = error_of([&] { unpacked(tar, 4096); });
  CHECK_THAT(error.message(), Catch::Matchers::Contains("neither file nor directory"));
}

TEST_CASE("a file that is not as long as was said is a fault of ours") {
  stream::NullSink nowhere;
  TarWriter tar{nowhere};
  tar.begin({"a", TarEntry::Type::file, 3, 0600, {}});
  CHECK_THROWS_AS(tar.write(bytes_of("four")), util::Error);
  CHECK_THROWS_AS(tar.end(), util::Error);
}
