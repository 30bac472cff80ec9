#include "report/page_fetches.hpp"

#include "report/page_data.hpp"

namespace bkp::report {

using kainjow::mustache::data;

void add_fetches(data& target, const RunbookModel& model, const FetchCommands& commands,
                 const std::string& scenario) {
  target["fetch_directory"] = shown(commands.directory);
  data fetches{data::type::list};
  for (std::size_t i = 0; i < commands.fetches.size(); ++i) {
    data row;
    row["from"] = shown(commands.fetches[i].store);
    Blocks{row, scenario}.add("fetch", std::to_string(i + 1), model.os_user,
                              commands.fetches[i].command);
    fetches << row;
  }
  target["has_fetches"] = flag(!commands.fetches.empty());
  target["fetches"] = std::move(fetches);
}

}  // namespace bkp::report
