#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "catalog/records.hpp"
#include "catalog/time_text.hpp"
#include "pg/connection.hpp"

namespace bkp::catalog {

/// Reads a row's columns one after the other, so that a list of columns stands beside the list of
/// members it fills. The session is one of open_session(). What is NULL fills an optional, an empty
/// text or null JSON, and is Error{internal} elsewhere.
class Row {
 public:
  Row(const pg::Result& result, int row) : m_result{result}, m_row{row} {}

  Row& operator>>(std::string& target) {
    target = m_result.text(m_row, m_column++);
    return *this;
  }
  Row& operator>>(bool& target) {
    target = m_result.boolean(m_row, m_column++);
    return *this;
  }
  Row& operator>>(double& target) {
    target = m_result.number(m_row, m_column++);
    return *this;
  }
  Row& operator>>(std::int64_t& target) {
    target = m_result.integer(m_row, m_column++);
    return *this;
  }
  Row& operator>>(int& target) {
    target = static_cast<int>(m_result.integer(m_row, m_column++));
    return *this;
  }
  Row& operator>>(Time& target) {
    target = time_from_text(m_result.text(m_row, m_column++));
    return *this;
  }
  Row& operator>>(nlohmann::json& target) {
    const auto text = m_result.text(m_row, m_column++);
    target = text.empty() ? nlohmann::json() : nlohmann::json::parse(text);
    return *this;
  }
  Row& operator>>(std::vector<std::string>& target) {
    nlohmann::json list;
    *this >> list;
    target.clear();
    for (const auto& element : list) target.push_back(element.get<std::string>());
    return *this;
  }
  template <class Value>
  Row& operator>>(std::optional<Value>& target) {
    if (m_result.is_null(m_row, m_column)) {
      target.reset();
      ++m_column;
      return *this;
    }
    Value value{};
    *this >> value;
    target = std::move(value);
    return *this;
  }

 private:
  const pg::Result& m_result;
  int m_row;
  int m_column = 0;
};

}  // namespace bkp::catalog
