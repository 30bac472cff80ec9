#include <algorithm>

#include <fmt/format.h>

#include "config/rules.hpp"
#include "config/sections.hpp"
#include "store/url.hpp"
#include "util/text.hpp"

namespace bkp::config {

namespace {

Store read_store(const Section& section) {
  Store result;
  result.line = section.line();
  const auto name = section.require("name", "give every store a name, e.g. `name: local`");
  result.name = to_text(name);
  require_no_problem(name, problem_with_store_name(result.name));
  const auto url = section.require("url", "say where it is, e.g. `url: file:///var/backups/bkp`");
  result.url = to_text(url);
  require_no_problem(url, problem_with_store_url(result.url));
  if (const auto value = section.find("required")) result.required = to_boolean(*value);
  if (const auto value = section.find("capacity")) {
    result.capacity = to_size(*value);
    if (*result.capacity == 0) {
      value->fail("must be more than 0", "remove the key to have the file system asked");
    }
  }
  result.retention = read_retention(section.section("retention"));
  const auto scheme = store::scheme_of(result.url);
  require_keys_that_fit(section, *scheme);
  if (scheme == "s3") result.s3 = read_s3_options(section);
  if (scheme == "sftp") result.sftp = read_sftp_options(section);
  return result;
}

/// One text for one place, however its URL is written.
std::string place_of(const Store& store) {
  if (store::scheme_of(store.url) != "file") return store.url;
  const auto path = (store::path_of_file_url(store.url) / "").lexically_normal();
  // POSIX leaves open what two slashes at the front mean; on Linux they are one.
  return store::file_url("/" / path.relative_path());
}

}  // namespace

std::vector<Store> read_stores(const Section& top) {
  constexpr auto hint =
      "add at least one: `- name: local` and below it `url: file:///var/backups/bkp`";
  const auto list = top.require("stores", hint);
  std::vector<Store> result;
  for (const auto& section : top.sections("stores")) {
    auto store = read_store(section);
    if (std::ranges::find(result, store.name, &Store::name) != result.end()) {
      section.find("name")->fail(fmt::format("{} is used twice", util::quoted(store.name)),
                                 "give every store a name of its own");
    }
    const auto same = std::ranges::find_if(
        result, [place = place_of(store)](const Store& other) { return place_of(other) == place; });
    if (same != result.end()) {
      section.find("url")->fail(
          fmt::format("is the same place as that of store {}", util::quoted(same->name)),
          "two copies in one place are one copy; remove one of the two");
    }
    result.push_back(std::move(store));
  }
  if (result.empty()) list.fail("is empty: backups need a place", hint);
  return result;
}

}  // namespace bkp::config
