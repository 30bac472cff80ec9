#include "backup/marks.hpp"

#include <fmt/format.h>

#include "catalog/records.hpp"
#include "catalog/time_text.hpp"
#include "util/error.hpp"
#include "util/rng.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using nlohmann::json;

namespace {

/// "20261121T020000.250000Z". To the microsecond: marks are applied in the order of their names,
/// and a hold may follow a release within a second.
std::string name_time(util::Time at) {
  using namespace std::chrono;
  auto text = util::format_compact(at);
  const auto fraction = duration_cast<microseconds>(at - floor<seconds>(at)).count();
  text.insert(text.size() - 1, fmt::format(".{:06}", fraction));
  return text;
}

}  // namespace

void write_mark(store::Store& store, const Layout& layout, const std::string& label,
                std::string_view kind, util::Time at, const json& details) {
  json out = details;
  out["kind"] = kind;
  out["at"] = catalog::time_text(at);
  const auto name = fmt::format("{}-{}-{}.json", name_time(at), kind, util::random_hex(4));
  store::put_text(store, layout.marks(label) / name,
                  out.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

namespace {

void apply_check(const json& mark, const std::string& kind, MarkState& state) {
  const auto at = util::parse_time(mark.at("at").get<std::string>());
  const bool re_read = mark.value("level", "") == "checksum";
  const bool of_the_copy = mark.value("scope", re_read ? "copy" : "backup") == "copy";
  const auto error = kind != "failed" ? std::string{} : mark.value("error", "its check failed");
  if (kind == "intact" || of_the_copy) {
    state.checked_at = at;
    state.copy_error = error;
  } else {
    state.verified = kind == "verified";
    state.verified_at = at;
    state.verification_error = error;
  }
}

util::Error no_mark(const store::Key& key, std::string_view why) {
  return util::Error{util::ErrorKind::damaged,
                     fmt::format("{} is no valid mark: {}", util::quoted(key.text()), why),
                     "remove the object if its content does not matter"};
}

}  // namespace

void apply_mark(store::Store& store, const store::Key& key, MarkState& state) {
  const auto text = store::get_text(store, key, std::size_t{1} << 20U);
  if (!text) return;
  try {
    const json mark = json::parse(*text);
    const auto kind = mark.at("kind").get<std::string>();
    if (kind == "verified" || kind == "failed" || kind == "intact") {
      apply_check(mark, kind, state);
    } else if (kind == "held") {
      const auto& until = mark.at("until");
      state.held_until =
          until.is_null() ? catalog::forever : util::parse_time(until.get<std::string>());
      state.hold_reason = mark.at("reason").get<std::string>();
    } else if (kind == "released") {
      state.held_until.reset();
      state.hold_reason.clear();
    }
  } catch (const json::exception& error) {
    throw no_mark(key, error.what());
  } catch (const util::Error& error) {
    throw no_mark(key, error.message());
  }
}

MarkState read_marks(store::Store& store, const Layout& layout, const std::string& label) {
  MarkState state;
  for (const auto& object : store.list(layout.marks(label)))
    apply_mark(store, store::Key{object.key}, state);
  return state;
}

}  // namespace bkp::backup
