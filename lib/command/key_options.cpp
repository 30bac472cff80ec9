#include "command/key_options.hpp"

namespace bkp::command {

void define(CLI::App& app, ReadingKeyOptions& options) {
  define_identities(app, options);
  define_signatures(app, options);
}

void define_identities(CLI::App& app, ReadingKeyOptions& options) {
  app.add_option("--identity", options.identity_files,
                 "open sealed backups with the identities of this file; may be given several times")
      ->allow_extra_args(false)
      ->type_name("FILE");
}

void define_signatures(CLI::App& app, ReadingKeyOptions& options) {
  app.add_option("--trusted-key", options.trusted_keys,
                 "believe manifests signed with this public key; may be given several times")
      ->allow_extra_args(false)
      ->type_name("FILE");
  app.add_flag("--ignore-signature", options.ignore_signatures,
               "use a backup whose signature is missing, bad or unknown");
}

run::ReadingKeys reading_keys(const ReadingKeyOptions& options, const run::Context& context) {
  auto keys = options.trusted_keys.empty()
                  ? run::reading_keys(context.config)
                  : run::ReadingKeys{context.config.encryption.identity_files,
                                     seal::TrustedKeys::read({options.trusted_keys.begin(),
                                                              options.trusted_keys.end()})};
  if (!options.identity_files.empty())
    keys.identity_files.assign(options.identity_files.begin(), options.identity_files.end());
  keys.ignore_signatures = options.ignore_signatures;
  return keys;
}

}  // namespace bkp::command
