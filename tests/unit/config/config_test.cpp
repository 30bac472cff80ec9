#include "config_test.hpp"

#include "support/error_of.hpp"
#include "util/files.hpp"

namespace bkp::config {

namespace {

class FakeChild final : public util::ChildProcess {
 public:
  FakeChild(std::string output, int code) : m_output{std::move(output)}, m_code{code} {}
  int pid() const override { return 4711; }
  util::Fd& stdin_pipe() override { return m_stdin; }
  void read_stdout(const std::function<void(std::span<const std::byte>)>& consume) override {
    consume(std::as_bytes(std::span{m_output}));
  }
  util::ExitStatus wait() override { return {.code = m_code, .signal = 0}; }
  std::string stderr_tail() const override { return m_code == 0 ? "" : "no such item\n"; }
  void terminate() noexcept override {}

 private:
  util::Fd m_stdin;
  std::string m_output;
  int m_code;
};

}  // namespace

std::unique_ptr<util::ChildProcess> FakeRunner::start(const util::Command& command) {
  started.push_back(command);
  const auto found = outputs.find(command.argv.front());
  if (found == outputs.end()) return std::make_unique<FakeChild>("", 3);
  return std::make_unique<FakeChild>(found->second, 0);
}

util::Environment test_environment() {
  return util::Environment{{{"HOME", "/home/somebody"}}};
}

Config parse_text(const std::string& yaml) {
  FakeRunner processes;
  return parse(yaml, "bkp.yaml", test_environment(), processes);
}

util::Error parse_error(const std::string& yaml) {
  INFO(yaml);
  return test::error_of([&] { parse_text(yaml); });
}

std::string with_store(const std::string& more) {
  return "site: studio\nstores:\n  - name: local\n    url: file:///var/backups/bkp\n" + more;
}

std::string source_file(const std::string& relative) {
  const auto text = util::read_file(std::filesystem::path{BKP_TEST_DATA} / "../.." / relative);
  if (!text) FAIL("there is no " << relative);
  return *text;
}

}  // namespace bkp::config
