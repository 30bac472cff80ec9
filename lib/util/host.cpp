#include "util/host.hpp"

#include <pwd.h>
#include <unistd.h>
#include <array>

namespace bkp::util {

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string user_name(uid_t uid) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? std::string{found->pw_name} : "uid " + std::to_string(uid);
}

std::string user_name() {
  return user_name(::geteuid());
}

}  // namespace bkp::util
