#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/libcurl.hpp"
#include "util/error.hpp"
#include "util/interrupt.hpp"

namespace bkp::net {

/// What libcurl calls during a transfer. Each may throw: the transfer ends, and perform() throws
/// the same on.
struct Callbacks {
  /// Takes what arrives of the body.
  std::function<void(std::span<const std::byte> data)> write;
  /// Fills `room`, or a part of it, with what is sent (CURLOPT_UPLOAD); 0 at its end.
  std::function<std::size_t(std::span<std::byte> room)> read;
  /// Takes each line of the head, without its end.
  std::function<void(std::string_view line)> header;
  /// Asked often, and about once a second while nothing moves: whether to go on.
  std::function<void()> progress;
};

/// A transfer that libcurl gave up: the server cannot be reached, the connection broke, a file is
/// not there. The message is libcurl's, without URL and secrets.
class TransferError : public util::Error {
 public:
  TransferError(CURLcode code, std::string message)
      : Error{util::ErrorKind::store, std::move(message)}, m_code{code} {}
  CURLcode code() const noexcept { return m_code; }

 private:
  CURLcode m_code;
};

/// One libcurl easy handle: options are set, then perform() transfers; the connection is kept for
/// the next time. One thread at a time. Signals are not used, file: and every other protocol that
/// was not asked for is off, redirects are not followed, and a transfer that moves less than
/// 1 byte a second for `stall_limit` is given up.
class Easy {
 public:
  /// `protocols`: "https,http" (CURLOPT_PROTOCOLS_STR). Throws Error{internal}.
  explicit Easy(const std::string& protocols);

  /// curl_easy_setopt(3). The value is copied by libcurl as it says for the option. Throws
  /// Error{internal} when this libcurl does not know the option.
  template <class Value>
  void set(CURLoption option, Value value) {
    require(curl_easy_setopt(m_handle.get(), option, value), option);
  }
  void set(CURLoption option, const std::string& value) { set(option, value.c_str()); }

  /// An option that takes a list of texts; replaces that of the last time.
  void set_list(CURLoption option, const std::vector<std::string>& texts);
  /// Head lines to send, "Name: value".
  void set_headers(const std::vector<std::string>& lines) { set_list(CURLOPT_HTTPHEADER, lines); }

  /// curl_easy_getinfo(3).
  long info(CURLINFO what) const;

  /// Makes the transfer. Throws what a callback threw, Error{interrupted}, TransferError.
  void perform(const Callbacks& callbacks, const util::Interrupt& interrupt);

  /// Forgets all options, as if new; keeps connections. The constructor's defaults are set again.
  void reset();

 private:
  struct HandleDeleter {
    void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
  };
  struct ListDeleter {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
  };

  static void require(CURLcode code, CURLoption option);
  void set_defaults();

  std::string m_protocols;
  std::unique_ptr<CURL, HandleDeleter> m_handle;
  std::map<CURLoption, std::unique_ptr<curl_slist, ListDeleter>> m_lists;
};

/// Without a byte for so long a transfer is given up.
inline constexpr std::chrono::seconds stall_limit{30};
inline constexpr std::chrono::seconds connect_limit{15};

}  // namespace bkp::net
