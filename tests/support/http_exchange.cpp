#include "support/http_exchange.hpp"

#include <algorithm>

#include "util/text.hpp"

namespace bkp::test {

namespace {

constexpr std::string_view end_of_head = "\r\n\r\n";

/// The value of a line of the head, in lower case; `name` is so too.
std::optional<std::string> header(std::string_view head, const std::string& name) {
  const std::string text = util::lower(head);
  const auto line = text.find("\r\n" + name + ":");
  if (line == text.npos) return std::nullopt;
  const auto start = text.find_first_not_of(' ', line + name.size() + 3);
  return text.substr(start, text.find("\r\n", start) - start);
}

}  // namespace

HttpExchange::Passed HttpExchange::request(std::string_view data) {
  Passed passed;
  while (!data.empty()) {
    if (m_only_passes) {
      passed.to_target += data;
      break;
    }
    if (!m_in_body) {
      m_head += data.front();
      data.remove_prefix(1);
      if (m_head.ends_with(end_of_head)) on_request_head(passed);
      continue;
    }
    const auto piece = data.substr(0, std::min<std::uint64_t>(m_body_left, data.size()));
    if (!m_picked || !m_picked->answer) passed.to_target += piece;
    data.remove_prefix(piece.size());
    m_body_left -= piece.size();
    if (m_body_left == 0) on_request_end(passed);
  }
  return passed;
}

void HttpExchange::on_request_head(Passed& passed) {
  if (header(m_head, "transfer-encoding")) {
    m_only_passes = true;
    passed.to_target += m_head;
    return;
  }
  m_picked = m_plan.pick(std::string_view{m_head}.substr(0, m_head.find("\r\n")));
  m_without_body = m_head.starts_with("HEAD ");
  m_body_left = std::stoull(header(m_head, "content-length").value_or("0"));
  if (!m_picked || !m_picked->answer) {
    passed.to_target += m_head;
  } else if (header(m_head, "expect") == "100-continue") {
    passed.to_client += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  m_head.clear();
  m_in_body = true;
  if (m_body_left == 0) on_request_end(passed);
}

void HttpExchange::on_request_end(Passed& passed) {
  m_in_body = false;
  if (!m_picked || !m_picked->answer) return;
  m_plan.count(*m_picked);
  passed.to_client += *m_picked->answer;
  m_picked.reset();
}

HttpExchange::Passed HttpExchange::answer(std::string_view data) {
  Passed passed;
  if (!m_picked) {
    passed.to_client = data;
    return passed;
  }
  m_lost += data;
  // Interim answers, such as the one to "Expect: 100-continue", are not the answer.
  while (m_lost.starts_with("HTTP/1.1 1")) {
    const auto end = m_lost.find(end_of_head);
    if (end == m_lost.npos) return passed;
    passed.to_client += m_lost.substr(0, end + end_of_head.size());
    m_lost.erase(0, end + end_of_head.size());
  }
  if (!lost_answer_is_complete()) return passed;
  m_plan.count(*m_picked);
  passed.cut = true;
  return passed;
}

bool HttpExchange::lost_answer_is_complete() {
  const auto end = m_lost.find(end_of_head);
  if (end == m_lost.npos) return false;
  const auto head = std::string_view{m_lost}.substr(0, end + end_of_head.size());
  const std::uint64_t body = m_lost.size() - head.size();
  if (m_without_body) return true;
  if (const auto length = header(head, "content-length")) return body >= std::stoull(*length);
  if (header(head, "transfer-encoding")) return m_lost.ends_with("\r\n0\r\n\r\n");
  return true;
}

}  // namespace bkp::test
