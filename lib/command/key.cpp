#include "command/key.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "seal/key_file.hpp"
#include "seal/keys.hpp"
#include "seal/signing.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"
#include "util/version.hpp"

namespace bkp::command {

using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

Error exists_already(const std::filesystem::path& file) {
  return {ErrorKind::refused,
          fmt::format("{} exists: a key is never overwritten", util::quoted(file.string())),
          "what was sealed or signed with it would be lost; choose another name"};
}

void require_new(const std::filesystem::path& file) {
  if (std::filesystem::symlink_status(file).type() != std::filesystem::file_type::not_found)
    throw exists_already(file);
}

void write_key_file(const std::filesystem::path& file, std::string_view text, unsigned mode) {
  if (!util::write_new_file(file, text, mode)) throw exists_already(file);
}

std::filesystem::path where_to(const KeyOptions& options, const run::Context& context) {
  if (!options.out.empty()) return options.out;
  const auto& config = context.config;
  if (options.signing && config.signing.key_file) return *config.signing.key_file;
  if (!options.signing && !config.encryption.identity_files.empty())
    return config.encryption.identity_files.front();
  throw Error{ErrorKind::usage, "it is not said where the key goes",
              "give --out FILE, a file that does not exist yet"};
}

cli::Report generate_identity(const std::filesystem::path& file, const run::Context& context) {
  require_new(file);
  const auto identity = seal::Identity::generate();
  const auto recipient = identity.recipient().text();
  if (!context.dry_run) {
    const seal::SecretText secret{identity.secret_text()};
    const seal::SecretText text{
        fmt::format("# made by bkp {} at {}\n# recipient: {}\n{}\n", util::version(),
                    util::format_rfc3339(context.clock.now()), recipient, secret.text())};
    write_key_file(file, text.text(), 0600);
  }
  cli::Report report;
  report.result = {{"file", file.string()}, {"dry_run", context.dry_run}};
  if (context.dry_run) {
    report.text = fmt::format("would write a new identity to {}\n", util::printable(file.string()));
    return report;
  }
  report.result["recipient"] = recipient;
  report.text = fmt::format(
      "identity:  {} (mode 0600)\nrecipient: {}\n\n"
      "On the hosts that take backups:   encryption: {{recipients: [{}]}}\n"
      "Where restores and drills run:    encryption: {{identity_files: [{}]}}\n"
      "Keep two copies of the identity, in two places, none of them beside the backups: without "
      "it\n"
      "nobody can open what is sealed for this recipient.\n",
      util::printable(file.string()), recipient, recipient,
      util::printable(std::filesystem::absolute(file).string()));
  return report;
}

cli::Report generate_signing_key(const std::filesystem::path& file, const run::Context& context) {
  auto public_file = file;
  public_file.replace_extension(".pub");
  if (public_file == file) public_file += ".pub";
  require_new(file);
  require_new(public_file);
  if (!context.dry_run) {
    const auto key = seal::SigningKey::generate();
    const seal::SecretText secret{key.private_pem()};
    write_key_file(file, secret.text(), 0600);
    write_key_file(public_file, key.public_pem(), 0644);
  }
  cli::Report report;
  report.result = {
      {"file", file.string()}, {"public_file", public_file.string()}, {"dry_run", context.dry_run}};
  report.text =
      context.dry_run
          ? fmt::format("would write a new signing key to {}\n", util::printable(file.string()))
          : fmt::format(
                "signing key: {} (mode 0600)\npublic key:  {}\n\n"
                "On the hosts that take backups:   signing: {{key_file: {}}}\n"
                "Everywhere else:                  signing: {{trusted_keys: [{}]}}\n"
                "Keep the public key where the stores cannot be reached from: it tells whether a\n"
                "backup is yours. What an older key signed needs that key's public half in\n"
                "signing.trusted_keys; what was never signed needs --ignore-signature.\n",
                util::printable(file.string()), util::printable(public_file.string()),
                util::printable(std::filesystem::absolute(file).string()),
                util::printable(std::filesystem::absolute(public_file).string()));
  return report;
}

cli::Report show(const KeyOptions& options, const run::Context& context) {
  std::vector<std::filesystem::path> files{options.identity_files.begin(),
                                           options.identity_files.end()};
  if (files.empty()) files = context.config.encryption.identity_files;
  if (files.empty()) {
    throw Error{ErrorKind::usage, "no identity file is named",
                "give --identity FILE, or set encryption.identity_files"};
  }
  cli::Report report;
  report.result["identities"] = json::array();
  for (const auto& file : files) {
    for (const auto& identity : seal::read_identity_file(file)) {
      const auto recipient = identity.recipient().text();
      report.result["identities"].push_back({{"file", file.string()}, {"recipient", recipient}});
      report.text += fmt::format("{}  {}\n", recipient, util::printable(file.string()));
    }
  }
  return report;
}

}  // namespace

void define(CLI::App& app, KeyOptions& options) {
  app.add_option("action", options.action, "generate or show")
      ->required()
      ->check(CLI::IsMember({"generate", "show"}))
      ->type_name("ACTION");
  app.add_option("--out", options.out,
                 "generate: the new file; default: the first of encryption.identity_files, or "
                 "signing.key_file")
      ->type_name("FILE");
  app.add_flag("--signing", options.signing, "generate: a key that signs manifests");
  app.add_option("--identity", options.identity_files,
                 "show: this file; default: encryption.identity_files; may be given several times")
      ->allow_extra_args(false)
      ->type_name("FILE");
}

cli::Report run(const KeyOptions& options, run::Context& context) {
  const bool generate = options.action == "generate";
  if (generate && !options.identity_files.empty()) {
    throw Error{ErrorKind::usage, "--identity means nothing to key generate",
                "say with --out where the new key goes"};
  }
  if (!generate && (options.signing || !options.out.empty())) {
    throw Error{ErrorKind::usage, "--out and --signing mean nothing to key show",
                "`openssl pkey -in FILE -pubout` shows the public half of a signing key"};
  }
  if (!generate) return show(options, context);
  const auto file = where_to(options, context);
  return options.signing ? generate_signing_key(file, context) : generate_identity(file, context);
}

}  // namespace bkp::command
