#include "util/advice.hpp"

namespace bkp::util {

std::string with_hint(const Error& error) {
  auto text = error.full_message();
  if (!error.hint().empty()) text += "; " + error.hint();
  return text;
}

}  // namespace bkp::util
