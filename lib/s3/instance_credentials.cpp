#include "s3/instance_credentials.hpp"

#include <fmt/format.h>

#include "net/easy.hpp"
#include "s3/credentials_text.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::s3 {

namespace {

using util::Error;
using util::ErrorKind;

constexpr std::size_t longest_credentials = std::size_t{64} << 10U;

Error refused(const std::string& endpoint, const std::string& why) {
  return Error{ErrorKind::key,
               fmt::format("the instance metadata service at {} gives no credentials: {}",
                           util::printable(endpoint), why),
               "give the instance a role that may use the bucket and let it have IMDSv2, or take "
               "the credentials from elsewhere"};
}

class MetadataService {
 public:
  MetadataService(const std::string& endpoint, const util::Interrupt& interrupt)
      : m_endpoint{endpoint}, m_interrupt{interrupt} {}

  std::string ask(const char* method, std::string_view path, const std::string& header) {
    m_easy.reset();
    m_easy.set(CURLOPT_URL, fmt::format("{}{}", m_endpoint, path));
    m_easy.set(CURLOPT_CUSTOMREQUEST, method);
    m_easy.set(CURLOPT_NOPROXY, "*");
    m_easy.set(CURLOPT_CONNECTTIMEOUT, 2L);
    m_easy.set(CURLOPT_TIMEOUT, 10L);
    m_easy.set_headers({header});
    std::string answer;
    net::Callbacks callbacks;
    callbacks.write = [&](std::span<const std::byte> data) {
      if (answer.size() + data.size() > longest_credentials)
        throw refused(m_endpoint, "its answer is endless");
      answer.append(reinterpret_cast<const char*>(data.data()), data.size());
    };
    try {
      m_easy.perform(callbacks, m_interrupt);
    } catch (const net::TransferError& error) {
      throw refused(m_endpoint, error.message());
    }
    const long status = m_easy.info(CURLINFO_RESPONSE_CODE);
    if (status != 200) throw refused(m_endpoint, fmt::format("{} for {}", status, path));
    return answer;
  }

 private:
  const std::string& m_endpoint;
  const util::Interrupt& m_interrupt;
  net::Easy m_easy{"http,https"};
};

}  // namespace

Credentials instance_credentials(const std::string& endpoint, const util::Interrupt& interrupt) {
  constexpr std::string_view folder = "/latest/meta-data/iam/security-credentials/";
  MetadataService service{endpoint, interrupt};
  const auto token =
      service.ask("PUT", "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds: 21600");
  const auto header = "X-aws-ec2-metadata-token: " + token;
  const auto roles = service.ask("GET", folder, header);
  const auto names = util::split_lines(roles);
  if (names.empty()) throw refused(endpoint, "the instance has no role");
  const auto answer = service.ask("GET", fmt::format("{}{}", folder, names.front()), header);
  try {
    return parse_instance_credentials(answer);
  } catch (const Error& error) {
    throw refused(endpoint, error.message());
  }
}

}  // namespace bkp::s3
