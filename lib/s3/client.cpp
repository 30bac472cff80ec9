#include "s3/client.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "stream/hash.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "util/version.hpp"

namespace bkp::s3 {

namespace {

constexpr std::size_t longest_answer = std::size_t{64} << 20U;

constexpr net::Backoff parting_backoff{2, std::chrono::milliseconds{100},
                                       std::chrono::milliseconds{1000}};
constexpr std::chrono::seconds parting_limit{10};

/// Takes a line of the head; a status line begins a new one (after "100 Continue").
void take_head_line(Response& response, std::string_view line) {
  if (line.starts_with("HTTP/")) {
    response.headers.clear();
    const auto number = line.substr(std::min(line.find(' ') + 1, line.size()));
    std::from_chars(number.data(), number.data() + number.size(), response.status);
    return;
  }
  const auto colon = line.find(':');
  if (colon == line.npos) return;
  auto value = line.substr(colon + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  while (value.ends_with(' ')) value.remove_suffix(1);
  response.headers[util::lower(line.substr(0, colon))] = value;
}

void set_method(net::Easy& easy, const Request& request) {
  const std::string_view method = request.method;
  if (method == "HEAD") {
    easy.set(CURLOPT_NOBODY, 1L);
  } else if (method == "PUT" || method == "POST") {
    // libcurl sends such a body again by itself when a kept connection turns out to be closed.
    easy.set(CURLOPT_POST, 1L);
    easy.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    easy.set(CURLOPT_POSTFIELDS,
             request.body.empty() ? "" : reinterpret_cast<const char*>(request.body.data()));
    easy.set(CURLOPT_CUSTOMREQUEST, request.method);
  } else {
    easy.set(CURLOPT_CUSTOMREQUEST, request.method);
  }
}

std::string sha256_of(std::span<const std::byte> body) {
  return stream::digests_of({reinterpret_cast<const char*>(body.data()), body.size()}).sha256;
}

const std::string* value_of(const Pairs& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& header) { return header.first == name; });
  return found == headers.end() ? nullptr : &found->second;
}

/// Credentials from elsewhere end, for whatever reason, before it is known here. The answer to HEAD
/// does not say why.
bool may_have_expired(const Request& request, const Response& response,
                      const Credentials& credentials) {
  const auto code = response.code();
  if (code == "ExpiredToken" || code == "ExpiredTokenException" || code == "TokenRefreshRequired")
    return true;
  return request.method == std::string_view{"HEAD"} && !credentials.session_token.empty() &&
         (response.status == 400 || response.status == 403);
}

bool refuses_condition(const Response& response) {
  constexpr std::array<std::string_view, 4> codes{"NotImplemented", "InvalidArgument",
                                                  "InvalidRequest", "InvalidHeader"};
  return response.status == 501 ||
         (response.status == 400 &&
          std::find(codes.begin(), codes.end(), response.code()) != codes.end());
}

}  // namespace

Client::Client(std::string_view url, const Options& options, const store::Seams& seams,
               const util::Clock& clock, const Patience& patience)
    : m_options{options},
      m_address{address_of(url, options)},
      m_interrupt{seams.interrupt},
      m_clock{clock},
      m_patience{patience},
      m_credentials{options.credentials, seams, clock} {}

std::size_t Client::parallel() const {
  return static_cast<std::size_t>(std::clamp(m_options.parallel, 1, 64));
}

void Client::prepare(net::Easy& easy, const Request& request, Response& response,
                     const Credentials& credentials) const {
  const auto path = m_address.path(request.key);
  Pairs headers = request.headers;
  const auto* const known = value_of(headers, "x-amz-content-sha256");
  const auto body_sha256 = known != nullptr ? *known : sha256_of(request.body);
  if (known == nullptr) headers.emplace_back("x-amz-content-sha256", body_sha256);
  headers.emplace_back("host", m_address.host());
  headers.emplace_back("x-amz-date", util::format_compact(response.signed_at));
  if (!credentials.session_token.empty())
    headers.emplace_back("x-amz-security-token", credentials.session_token);

  const auto authorization =
      authorization_header({request.method, path, request.query, headers, body_sha256}, credentials,
                           m_options.region, response.signed_at);
  std::vector<std::string> lines{"Authorization: " + authorization};
  for (const auto& [name, value] : headers) lines.push_back(fmt::format("{}: {}", name, value));
  // libcurl would say it is a web form.
  if (value_of(headers, "content-type") == nullptr) lines.emplace_back("Content-Type:");

  const auto query = encoded_query(request.query);
  easy.set(CURLOPT_URL, fmt::format("{}://{}{}{}{}", m_address.scheme, m_address.host(), path,
                                    query.empty() ? "" : "?", query));
  easy.set(CURLOPT_PATH_AS_IS, 1L);
  easy.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  easy.set(CURLOPT_USERAGENT, fmt::format("bkp/{}", util::version()));
  const auto stall_limit =
      request.long_answer ? m_patience.long_stall_limit : m_patience.stall_limit;
  easy.set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(stall_limit.count()));
  if (request.parting) easy.set(CURLOPT_TIMEOUT, static_cast<long>(parting_limit.count()));
  if (m_options.ca_file) easy.set(CURLOPT_CAINFO, m_options.ca_file->string());
  set_method(easy, request);
  easy.set_headers(lines);
}

Response Client::transfer(const Request& request, const Credentials& credentials) {
  static const util::Interrupt never;
  Response response;
  response.signed_at = m_clock.now();
  const auto easy = m_pool.take();
  prepare(*easy, request, response, credentials);

  bool receiver_failed = false;
  net::Callbacks callbacks;
  callbacks.header = [&](std::string_view line) { take_head_line(response, line); };
  callbacks.write = [&](std::span<const std::byte> data) {
    if (request.receive && response.status / 100 == 2) {
      receiver_failed = true;
      request.receive(response, data);
      receiver_failed = false;
    } else {
      if (response.body.size() + data.size() > longest_answer)
        throw net::TransferError{CURLE_FILESIZE_EXCEEDED, "the server's answer is endless"};
      response.body.append(reinterpret_cast<const char*>(data.data()), data.size());
    }
  };
  callbacks.progress = [&] {
    if (request.stop.stop_requested()) throw Stopped{};
  };
  try {
    easy->perform(callbacks, request.parting ? never : m_interrupt);
  } catch (const net::TransferError& error) {
    if (receiver_failed) throw;
    response.broken = error;
  }
  response.error = parse_error(response.body);
  return response;
}

Response Client::send_once(const Request& request) {
  const auto credentials = m_credentials.get();
  auto response = transfer(request, credentials);
  if (!may_have_expired(request, response, credentials) || !m_credentials.renew(credentials))
    return response;
  return transfer(request, m_credentials.get());
}

Response Client::send(const Request& request) {
  Retry retry{*this, request};
  for (int attempt = 1;; ++attempt) {
    auto response = send_once(request);
    response.attempts = attempt;
    if (response.ok() || !retry.again_after(response)) return response;
  }
}

Response Client::send_if_none_match(Request request) {
  if (!m_conditions) return send(request);
  request.headers.emplace_back("if-none-match", "*");
  auto response = send(request);
  if (!refuses_condition(response)) return response;
  request.headers.pop_back();
  auto without = send(request);
  if (without.ok()) m_conditions = false;
  return without;
}

bool Retry::again_after(const Response& response) {
  if (!response.may_pass()) return false;
  const auto& patience = m_client.m_patience;
  const auto asked = net::parse_retry_after(response.header("retry-after"), m_client.m_clock.now());
  const auto delay = net::delay_before_next(m_parting ? parting_backoff : patience.backoff,
                                            ++m_failed, asked, net::dice());
  if (!delay) return false;
  const auto until = std::chrono::steady_clock::now() + *delay;
  for (;;) {
    if (m_stop.stop_requested()) throw Stopped{};
    if (!m_parting) m_client.m_interrupt.check();
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return true;
    constexpr std::chrono::milliseconds step{100};
    pollfd waiting{m_parting ? -1 : m_client.m_interrupt.fd(), POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(std::min(left, step).count()));
  }
}

}  // namespace bkp::s3
