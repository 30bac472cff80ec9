#include "net/easy.hpp"

#include <array>
#include <exception>

#include <fmt/format.h>

namespace bkp::net {

namespace {

using util::Error;
using util::ErrorKind;

// Not for a static object: its end would come while threads may still be in libcurl.
void initialize_library() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw Error{ErrorKind::internal, "libcurl cannot be initialized"};
}

/// What the callbacks of one transfer share. libcurl is C: nothing may be thrown through it.
struct Transfer {
  const Callbacks& callbacks;
  const util::Interrupt& interrupt;
  std::exception_ptr failure;

  template <class Body>
  bool guarded(Body&& body) noexcept {
    try {
      body();
      return true;
    } catch (...) {
      failure = std::current_exception();
      return false;
    }
  }
};

std::size_t on_write(char* data, std::size_t size, std::size_t count, void* user) noexcept {
  auto& transfer = *static_cast<Transfer*>(user);
  const auto bytes = std::as_bytes(std::span{data, size * count});
  const bool done = transfer.guarded([&] {
    if (transfer.callbacks.write) transfer.callbacks.write(bytes);
  });
  return done ? bytes.size() : CURL_WRITEFUNC_ERROR;
}

std::size_t on_read(char* room, std::size_t size, std::size_t count, void* user) noexcept {
  auto& transfer = *static_cast<Transfer*>(user);
  std::size_t filled = 0;
  const bool done = transfer.guarded([&] {
    const auto bytes = std::as_writable_bytes(std::span{room, size * count});
    if (transfer.callbacks.read) filled = transfer.callbacks.read(bytes);
  });
  return done ? filled : CURL_READFUNC_ABORT;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) noexcept {
  auto& transfer = *static_cast<Transfer*>(user);
  std::string_view line{data, size * count};
  const auto length = line.size();
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  const bool done = transfer.guarded([&] {
    if (transfer.callbacks.header) transfer.callbacks.header(line);
  });
  return done ? length : 0;
}

// Called about once a second also when nothing moves.
int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
  auto& transfer = *static_cast<Transfer*>(user);
  const bool go_on = transfer.guarded([&] {
    transfer.interrupt.check();
    if (transfer.callbacks.progress) transfer.callbacks.progress();
  });
  return go_on ? 0 : 1;
}

}  // namespace

Easy::Easy(const std::string& protocols) : m_protocols{protocols} {
  initialize_library();
  m_handle.reset(curl_easy_init());
  if (!m_handle) throw Error{ErrorKind::internal, "libcurl has no handle to give"};
  set_defaults();
}

void Easy::require(CURLcode code, CURLoption option) {
  if (code == CURLE_OK) return;
  throw Error{ErrorKind::internal, fmt::format("libcurl refuses option {}: {}",
                                               static_cast<int>(option), curl_easy_strerror(code))};
}

void Easy::set_defaults() {
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, m_protocols);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(connect_limit.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(stall_limit.count()));
  set(CURLOPT_BUFFERSIZE, 512L << 10U);
  set(CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10U);
}

void Easy::set_list(CURLoption option, const std::vector<std::string>& texts) {
  std::unique_ptr<curl_slist, ListDeleter> list;
  for (const auto& text : texts) {
    auto* const longer = curl_slist_append(list.get(), text.c_str());
    if (longer == nullptr) throw std::bad_alloc{};
    static_cast<void>(list.release());
    list.reset(longer);
  }
  set(option, list.get());
  m_lists[option] = std::move(list);
}

long Easy::info(CURLINFO what) const {
  long value = 0;
  if (curl_easy_getinfo(m_handle.get(), what, &value) != CURLE_OK) return 0;
  return value;
}

void Easy::perform(const Callbacks& callbacks, const util::Interrupt& interrupt) {
  interrupt.check();
  Transfer transfer{callbacks, interrupt, nullptr};
  std::array<char, CURL_ERROR_SIZE> text{};
  set(CURLOPT_ERRORBUFFER, text.data());
  set(CURLOPT_WRITEFUNCTION, on_write);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_READFUNCTION, on_read);
  set(CURLOPT_READDATA, &transfer);
  set(CURLOPT_HEADERFUNCTION, on_header);
  set(CURLOPT_HEADERDATA, &transfer);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, on_progress);
  set(CURLOPT_XFERINFODATA, &transfer);
  const auto code = curl_easy_perform(m_handle.get());
  curl_easy_setopt(m_handle.get(), CURLOPT_ERRORBUFFER, nullptr);
  if (transfer.failure) std::rethrow_exception(transfer.failure);
  if (code == CURLE_OK) return;
  throw TransferError{code, text[0] != '\0' ? text.data() : curl_easy_strerror(code)};
}

void Easy::reset() {
  curl_easy_reset(m_handle.get());
  m_lists.clear();
  set_defaults();
}

}  // namespace bkp::net
