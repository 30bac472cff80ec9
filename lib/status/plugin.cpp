#include <algorithm>

#include <fmt/format.h>

#include "status/render.hpp"

namespace bkp::status {

namespace {

/// Neither a "|" nor a line end, which would be performance data or the next line.
std::string in_line(std::string text) {
  std::ranges::replace(text, '|', '/');
  std::ranges::replace(text, '\n', ' ');
  return text;
}

/// 'label'=value[UOM];warn;crit;min
class PerformanceData {
 public:
  void add(const std::string& label, std::int64_t value, std::string_view unit,
           const std::string& limits) {
    auto name = in_line(label);
    std::ranges::replace(name, '=', '_');
    std::ranges::replace(name, '\'', '_');
    m_text += fmt::format("{}'{}'={}{};{};0", m_text.empty() ? "" : " ", name, value, unit, limits);
  }
  std::string take() { return std::move(m_text); }

 private:
  std::string m_text;
};

std::string data_of(const SiteStatus& status) {
  PerformanceData data;
  for (const auto& kind : status.kinds) {
    if (!kind.good) continue;
    const auto age =
        std::chrono::duration_cast<std::chrono::seconds>(status.at - kind.good->at).count();
    data.add(fmt::format("age {}", kind.name()), age, "s",
             fmt::format("{};{}", kind.ages.green.count(), kind.ages.yellow.count()));
  }
  if (status.archive && status.archive->lag) {
    const auto rpo = std::ranges::find(status.objectives, "rpo", &Objective::name);
    const auto target = rpo == status.objectives.end() ? 0 : rpo->target.count();
    data.add("archive lag", status.archive->lag->count(), "s",
             fmt::format("{};{}", target, 2 * target));
  }
  for (const auto& store : status.stores) {
    if (store.is_counted)
      data.add(fmt::format("store {}", store.name), store.usage->used_bytes, "B", ";");
  }
  return data.take();
}

std::string_view state_of(Level level) {
  switch (level) {
    case Level::green:
      return "OK";
    case Level::yellow:
      return "WARNING";
    case Level::red:
      break;
  }
  return "CRITICAL";
}

}  // namespace

std::string unknown_plugin_output(const std::string& why) {
  return fmt::format("BKP UNKNOWN - {}\n", in_line(why));
}

std::string to_plugin_output(const SiteStatus& status) {
  const auto items = items_of(status);
  const auto level = level_of(items);
  const auto line_of = [](const Item& item) {
    return in_line(fmt::format("{}: {}", item.what, item.text));
  };
  std::string text =
      fmt::format("BKP {} - site {}: {} | {}\n", state_of(level), status.site,
                  level == Level::green ? "all is well" : line_of(items.front()), data_of(status));
  for (const auto& item : items) {
    if (item.level == Level::green || &item == &items.front()) continue;
    text += fmt::format("{}: {}\n", state_of(item.level), line_of(item));
  }
  return text;
}

int plugin_exit_code(Level level) {
  return static_cast<int>(level);
}

}  // namespace bkp::status
