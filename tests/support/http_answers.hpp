#pragma once

#include <string>

namespace bkp::test {

/// An answer for FaultyProxy::answer().
inline std::string http_answer(const std::string& status, const std::string& body = {},
                               const std::string& headers = {}) {
  return "HTTP/1.1 " + status + "\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// How S3 puts an error.
inline std::string error_body(const std::string& code) {
  return "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code></Error>";
}

}  // namespace bkp::test
