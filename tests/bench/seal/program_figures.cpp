#include "bench/seal/program_figures.hpp"

#include <unistd.h>

#include <filesystem>
#include <span>

#include <fmt/format.h>

#include "bench/support/random_data.hpp"
#include "bench/support/report.hpp"
#include "bench/support/series.hpp"
#include "seal/sealing.hpp"
#include "stream/fd_sink.hpp"
#include "support/installed.hpp"
#include "support/temporary_directory.hpp"
#include "util/fd.hpp"
#include "util/units.hpp"

namespace bkp::bench {

namespace {

/// A program with a file as its standard input and nothing behind its standard output.
test::Program into_nothing(std::vector<std::string> argv, const std::filesystem::path& input) {
  argv.insert(argv.begin(), {"bash", "-c", "exec \"${@:2}\" < \"$1\" > /dev/null", "bash", input});
  return test::Program{std::move(argv)};
}

}  // namespace

void seal_standard_input(const std::vector<std::string>& arguments) {
  constexpr std::size_t read_size = std::size_t{256} << 10U;
  stream::FdSink out{STDOUT_FILENO, "standard output"};
  seal::SealSink sink{out, {seal::Recipient::parse(arguments.at(0))}};
  std::vector<std::byte> buffer(read_size);
  while (const auto size = util::read_some(STDIN_FILENO, buffer, "standard input"))
    sink.write(std::span{buffer}.first(size));
  sink.finish();
}

void program_figures(const Bench& bench) {
  print_title(
      fmt::format("programs, out of a file into nothing: {}", util::format_size(bench.bytes())));
  const test::TemporaryDirectory directory;
  const auto plain = directory / "plain";
  const auto sealed = directory / "sealed.age";
  const auto identity_file = directory / "identity.txt";
  const auto identity = seal::Identity::generate();
  const auto recipient = identity.recipient().text();
  test::write_text(identity_file, identity.secret_text() + "\n");
  std::filesystem::permissions(identity_file, std::filesystem::perms::owner_read);
  write_random_file(plain, bench.bytes());
  test::output_of(test::Program{{"age", "-r", recipient, "-o", sealed, plain}});

  const auto figures =
      measure({{"age -r", into_nothing({"age", "-r", recipient}, plain)},
               {"bkp's sealing in a program",
                into_nothing(own_job({"seal-standard-input", recipient}), plain)},
               {"age -d", into_nothing({"age", "-d", "-i", identity_file}, sealed)},
               {"bkp unseal",
                into_nothing({test::InstalledBkp::program(), "unseal", "--identity", identity_file},
                             sealed)}},
              bench.runs());
  print_table({{figures[0], 0, bench.bytes()}, {figures[1], 0, bench.bytes()}});
  print_table({{figures[2], 0, bench.bytes()}, {figures[3], 0, bench.bytes()}});
}

}  // namespace bkp::bench
