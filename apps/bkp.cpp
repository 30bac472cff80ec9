// `bkp COMMAND` becomes bkp-COMMAND. That way is taken each minute by archive_command and the like,
// so it is short: none of the libraries that the command links is loaded here as well. All else
// (help, versions, what to say of an unknown command) is the dispatcher's.
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

namespace {

/// PREFIX/libexec/bkp of the PREFIX this program is installed in; empty when it cannot be told.
std::string libexec_directory() {
  std::array<char, 4096> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0 || static_cast<std::size_t>(length) == path.size()) return {};
  const std::string_view program{path.data(), static_cast<std::size_t>(length)};
  const auto bin = program.substr(0, program.rfind('/'));
  return std::string{bin.substr(0, bin.rfind('/'))} + "/libexec/bkp/";
}

bool may_be_command(std::string_view word) {
  return word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == word.npos &&
         !word.starts_with('-');
}

}  // namespace

int main(int argc, char** argv) {
  const std::string directory = libexec_directory();
  if (argc > 1 && may_be_command(argv[1])) {
    std::string name = std::string{"bkp-"} + argv[1];
    const std::string program = directory + name;
    char* const typed = argv[1];
    argv[1] = name.data();
    ::execv(program.c_str(), argv + 1);
    argv[1] = typed;
  }
  ::execv((directory + "dispatcher").c_str(), argv);
  std::fprintf(stderr,
               "bkp: error: cannot run %sdispatcher\n"
               "hint: the installation is incomplete: bin, lib and libexec belong together\n",
               directory.c_str());
  return 1;
}
