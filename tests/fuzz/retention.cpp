// A retention policy as an administrator writes it, over a history made from the text's hash.
#include <algorithm>
#include <functional>

#include "config/parse.hpp"
#include "fuzz/fuzz.hpp"
#include "retention/policy.hpp"
#include "support/histories.hpp"
#include "support/no_programs.hpp"
#include "util/error.hpp"

using namespace bkp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  test::NoPrograms programs;
  const std::string yaml =
      "site: studio\nstores:\n  - name: local\n    url: file:///backups\n    retention: ";
  config::RetentionPolicy policy;
  try {
    policy = config::parse(yaml + std::string{text}, "bkp.yaml", util::Environment{}, programs)
                 .stores.at(0)
                 .retention;
  } catch (const util::Error&) {
    return 0;
  }
  fuzz::require(!retention::describe(policy).empty(), "a policy can be described");
  test::HistoryMaker maker{static_cast<unsigned>(std::hash<std::string_view>{}(text))};
  const auto all = maker.history();
  const auto plan = retention::make_plan(all, policy, test::k_now);
  fuzz::require(plan.size() == all.size(), "every backup is decided on");
  const auto kept = test::survivors(plan);
  fuzz::require(!kept.empty() || all.empty(), "something stays");
  fuzz::require(retention::has_rules(policy) || kept.size() == all.size(),
                "a policy without rules keeps everything");
  fuzz::require(test::survivors(retention::make_plan(kept, policy, test::k_now)) == kept,
                "what stays, stays");
  return 0;
}
