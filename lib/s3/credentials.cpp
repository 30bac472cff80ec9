#include "s3/credentials.hpp"

#include <utility>

#include <fmt/format.h>

#include "s3/credentials_text.hpp"
#include "s3/instance_credentials.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::s3 {

namespace {

using util::Error;
using util::ErrorKind;

constexpr std::size_t size_limit = std::size_t{1} << 20U;
constexpr std::chrono::minutes renewed_before{5};

Credentials from_file(const CredentialsFile& source) {
  const auto name = util::quoted(source.file.string());
  std::optional<std::string> text;
  try {
    text = util::read_private_file(source.file, "the credentials file", size_limit);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::key) throw;
    throw Error{ErrorKind::key,
                fmt::format("the credentials file {} cannot be read: {}", name, error.message()),
                error.hint()};
  }
  if (!text) {
    throw Error{ErrorKind::key, fmt::format("there is no credentials file {}", name),
                "make it, readable by its owner only (mode 0600), with a profile, "
                "aws_access_key_id and aws_secret_access_key"};
  }
  try {
    return parse_credentials_file(*text, source.profile);
  } catch (const Error& error) {
    throw Error{ErrorKind::key, fmt::format("the credentials file {}: {}", name, error.message()),
                "add it to the file, or name another profile"};
  }
}

Credentials from_environment(const util::Environment& environment) {
  if (!environment.get("AWS_ACCESS_KEY_ID")) {
    if (const auto file = environment.get("AWS_SHARED_CREDENTIALS_FILE"))
      return from_file({*file, environment.get("AWS_PROFILE").value_or("default")});
  }
  Credentials result;
  const auto required = [&](const char* name) {
    if (auto value = environment.get(name)) return *value;
    throw Error{ErrorKind::key,
                fmt::format("no credentials for S3: the environment variable {} is not set", name),
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY where bkp is started, or "
                "AWS_SHARED_CREDENTIALS_FILE and AWS_PROFILE, or name a credentials file in the "
                "configuration"};
  };
  result.access_key = required("AWS_ACCESS_KEY_ID");
  result.secret_key = required("AWS_SECRET_ACCESS_KEY");
  result.session_token = environment.get("AWS_SESSION_TOKEN").value_or("");
  return result;
}

Credentials from_command(const CredentialsCommand& source, const store::Seams& seams) {
  util::Command command;
  command.argv = source.arguments;
  command.environment = seams.environment.for_child();
  command.stdout_pipe = true;
  const auto failed = [&](const std::string& how) {
    return Error{ErrorKind::key,
                 fmt::format("the command {} for credentials {}",
                             util::quoted(source.arguments.front()), how),
                 "run it by hand as the same user, with an environment that has only PATH and "
                 "HOME; it is to print the JSON of a credential_process"};
  };
  util::Finished finished;
  try {
    finished = seams.processes.run(command, size_limit);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    throw failed("does not run: " + error.message());
  }
  if (!finished.status.success()) {
    auto complaint = util::printable(finished.stderr_tail);
    throw failed(fmt::format("failed with {}{}{}", finished.status.to_string(),
                             complaint.empty() ? "" : ": ", complaint));
  }
  try {
    return parse_process_credentials(finished.standard_output);
  } catch (const Error& error) {
    throw failed("prints no credentials: " + error.message());
  }
}

}  // namespace

CredentialsProvider::CredentialsProvider(CredentialsSource source, const store::Seams& seams,
                                         const util::Clock& clock)
    : m_source{std::move(source)}, m_seams{seams}, m_clock{clock} {}

Credentials CredentialsProvider::load() const {
  if (const auto* file = std::get_if<CredentialsFile>(&m_source)) return from_file(*file);
  if (const auto* command = std::get_if<CredentialsCommand>(&m_source))
    return from_command(*command, m_seams);
  if (const auto* instance = std::get_if<CredentialsInstance>(&m_source))
    return instance_credentials(instance->endpoint, m_seams.interrupt);
  return from_environment(m_seams.environment);
}

Credentials CredentialsProvider::get() {
  const std::lock_guard lock{m_mutex};
  const bool over =
      m_current && m_current->expires && *m_current->expires - renewed_before <= m_clock.now();
  if (!m_current || over) m_current = load();
  return *m_current;
}

bool CredentialsProvider::renew(const Credentials& refused) {
  const std::lock_guard lock{m_mutex};
  if (m_current == refused) m_current = load();
  return m_current != refused;
}

}  // namespace bkp::s3
