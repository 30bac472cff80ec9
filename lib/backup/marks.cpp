#include "backup/marks.hpp"

#include <fmt/format.h>

#include "catalog/records.hpp"
#include "catalog/time_text.hpp"
#include "stream/hash.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using nlohmann::json;

namespace {

constexpr std::size_t largest_mark = std::size_t{1} << 20U;
constexpr std::size_t digest_digits = 16;

/// "20261121T020000.250000Z". To the microsecond: marks are applied in the order of their names,
/// and a hold may follow a release within a second.
std::string name_time(util::Time at) {
  using namespace std::chrono;
  auto text = util::format_compact(at);
  const auto fraction = duration_cast<microseconds>(at - floor<seconds>(at)).count();
  text.insert(text.size() - 1, fmt::format(".{:06}", fraction));
  return text;
}

std::string name_of(util::Time at, std::string_view kind, std::string_view text) {
  return fmt::format("{}-{}-{}.json", name_time(at), kind,
                     stream::digests_of(text).sha256.substr(0, digest_digits));
}

}  // namespace

bool is_pruned_mark(std::string_view key) {
  return key.find("/marks/") != key.npos && key.find("-pruned-") != key.npos;
}

void write_mark(store::Store& store, const Layout& layout, const std::string& label,
                std::string_view kind, util::Time at, const json& details) {
  json out = details;
  out["label"] = label;
  out["kind"] = kind;
  out["at"] = catalog::time_text(at);
  const auto text = out.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
  const auto key = layout.marks(label) / name_of(at, kind, text);
  // One that is there already says the same, to the last byte.
  if (!store.stat(key)) store::put_text(store, key, text);
}

namespace {

void apply_check(const json& mark, const std::string& kind, util::Time at, MarkState& state) {
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

void apply_hold(const json& mark, MarkState& state) {
  const auto& until = mark.at("until");
  const auto reason = mark.at("reason").get<std::string>();
  state.held_until =
      until.is_null() ? catalog::forever : util::parse_time(until.get<std::string>());
  state.hold_reason = reason;
}

void apply(const json& mark, const std::string& kind, util::Time at, MarkState& state) {
  if (kind == "verified" || kind == "failed" || kind == "intact") {
    apply_check(mark, kind, at, state);
  } else if (kind == "held") {
    apply_hold(mark, state);
    state.hold_doubtful = false;
  } else if (kind == "released") {
    state.held_until.reset();
    state.hold_reason.clear();
    state.hold_doubtful = false;
  }
}

util::Error no_mark(const store::Key& key, std::string_view why) {
  return util::Error{
      util::ErrorKind::damaged,
      fmt::format("{} is no valid mark: {}", util::quoted(key.text()), util::printable(why))};
}

/// Throws Error{damaged}.
void apply_mark(std::string_view text, const store::Key& key, std::string_view label,
                MarkState& state) {
  try {
    const json mark = json::parse(text);
    const auto kind = mark.at("kind").get<std::string>();
    const auto at = util::parse_time(mark.at("at").get<std::string>());
    MarkState after = state;
    apply(mark, kind, at, after);
    if (mark.at("label").get<std::string>() != label)
      throw no_mark(key, "it belongs to another backup");
    if (key.name() != name_of(at, kind, text)) throw no_mark(key, "it was changed");
    state = std::move(after);
  } catch (const json::parse_error&) {
    throw no_mark(key, "it is no JSON");
  } catch (const json::exception&) {
    throw no_mark(key, "a value is missing, or of another type");
  } catch (const util::Error& error) {
    if (error.kind() == util::ErrorKind::damaged) throw;
    throw no_mark(key, error.message());
  }
}

}  // namespace

std::optional<std::string> read_mark(store::Store& store, const store::Key& key,
                                     const std::string& label) {
  auto text = store::get_text(store, key, largest_mark);
  MarkState ignored;
  if (text) apply_mark(*text, key, label, ignored);
  return text;
}

MarkState read_marks(store::Store& store, const Layout& layout, const std::string& label) {
  MarkState state;
  for (const auto& object : store.list(layout.marks(label))) {
    const store::Key key{object.key};
    try {
      const auto text = store::get_text(store, key, largest_mark);
      if (text) apply_mark(*text, key, label, state);
    } catch (const util::Error& error) {
      if (error.kind() != util::ErrorKind::damaged) throw;
      state.unreadable.push_back(error.message());
      state.hold_doubtful = true;
    }
  }
  return state;
}

}  // namespace bkp::backup
