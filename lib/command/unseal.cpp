#include "command/unseal.hpp"

#include <unistd.h>

#include "command/raw_output.hpp"
#include "run/keys.hpp"
#include "seal/armor.hpp"
#include "seal/key_file.hpp"
#include "seal/unsealing.hpp"
#include "stream/fd_sink.hpp"
#include "stream/sinks.hpp"
#include "util/fd.hpp"

namespace bkp::command {

namespace {

constexpr std::size_t read_size = std::size_t{256} << 10U;

/// The first line of the file.
std::string read_passphrase(const std::string& file) {
  const auto content = seal::read_secret_file(file, "passphrase file",
                                              "write the passphrase into a file of mode 0600");
  return std::string{content.text().substr(0, content.text().find_first_of("\r\n"))};
}

seal::Keyring keyring(const UnsealOptions& options, const run::Context& context) {
  run::ReadingKeys keys;
  keys.identity_files = context.config.encryption.identity_files;
  if (!options.identity_files.empty() || !options.passphrase_file.empty())
    keys.identity_files.assign(options.identity_files.begin(), options.identity_files.end());
  auto result = keys.keyring();
  if (!options.passphrase_file.empty())
    result.passphrase = [file = options.passphrase_file] { return read_passphrase(file); };
  return result;
}

}  // namespace

void define(CLI::App& app, UnsealOptions& options) {
  app.add_option(
         "--identity", options.identity_files,
         "open with the identities of this file; default: encryption.identity_files; may be "
         "given several times")
      ->allow_extra_args(false)
      ->type_name("FILE");
  app.add_option("--passphrase-file", options.passphrase_file,
                 "open with the passphrase in the first line of this file")
      ->type_name("FILE");
}

cli::Report run(const UnsealOptions& options, run::Context& context) {
  require_raw_output(context, "what was sealed");
  const auto keys = keyring(options, context);
  stream::FdSink out{STDOUT_FILENO, "standard output"};
  std::uint64_t bytes = 0;
  stream::ObservingSink meter{out, [&](std::size_t size) { bytes += size; }};
  seal::UnsealSink unseal{meter, keys};
  seal::DearmorSink dearmor{unseal};
  std::vector<std::byte> buffer(read_size);
  while (const auto size = util::read_some(STDIN_FILENO, buffer, "standard input")) {
    context.interrupt.check();
    dearmor.write(std::span{buffer}.first(size));
  }
  dearmor.finish();
  cli::Report report;
  report.bytes = bytes;
  return report;
}

}  // namespace bkp::command
