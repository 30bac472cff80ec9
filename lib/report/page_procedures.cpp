#include "report/page_procedures.hpp"

#include <utility>

#include <fmt/format.h>

#include "report/page_data.hpp"

namespace bkp::report {

using kainjow::mustache::data;

namespace {

data steps_data(const RunbookModel& model, const config::Procedure& procedure,
                const std::string& scenario) {
  data list{data::type::list};
  for (std::size_t i = 0; i < procedure.steps.size(); ++i) {
    const auto& step = procedure.steps[i];
    data row;
    row["has_sentence"] = flag(!step.text.empty());
    row["sentence"] = shown(step.text);
    Blocks{row, scenario}.add_as_written("procedure_command", std::to_string(i + 1),
                                         step.as.empty() ? model.os_user : step.as, step.command);
    list << row;
  }
  return list;
}

}  // namespace

void add_procedures(data& page, const RunbookModel& model) {
  page["has_procedures"] = flag(!model.procedures.empty());
  data list{data::type::list};
  for (std::size_t i = 0; i < model.procedures.size(); ++i) {
    const auto& procedure = model.procedures[i];
    const auto scenario = fmt::format("own-{}", i + 1);
    data row;
    row["anchor"] = scenario;
    row["title"] = shown(procedure.title);
    row["when"] = shown(procedure.when);
    row["steps"] = steps_data(model, procedure, scenario);
    list << row;
  }
  page["procedures"] = std::move(list);
}

}  // namespace bkp::report
