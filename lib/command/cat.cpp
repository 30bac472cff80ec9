#include "command/cat.hpp"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "backup/marks.hpp"
#include "backup/parts.hpp"
#include "backup/repository.hpp"
#include "backup/site_file.hpp"
#include "command/raw_output.hpp"
#include "report/page_checksum.hpp"
#include "stream/fd_sink.hpp"
#include "stream/sinks.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::command {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::string_view page_name = "runbook.html";

/// The first store of those asked for that has the object.
run::NamedStore find_store(const CatOptions& options, run::Context& context,
                           const store::Key& key) {
  std::vector<std::string> wanted;
  if (!options.store.empty()) wanted.push_back(options.store);
  const auto opened = context.open_stores(wanted);
  if (opened.stores.empty()) throw opened.failures.front().error;
  for (const auto& failure : opened.failures) {
    context.warn(fmt::format("store {} cannot be opened: {}", util::quoted(failure.name),
                             failure.error.message()));
  }
  for (const auto& named : opened.stores) {
    if (named.store->stat(key)) return named;
  }
  throw Error{ErrorKind::not_found, fmt::format("no store has {}", util::quoted(key.text())),
              "keys are as bkp(1) has them, SITE/backups/LABEL/NAME; `bkp show LABEL` names the "
              "parts"};
}

Error unproven(const store::Key& key) {
  return {
      ErrorKind::not_found,
      fmt::format("{} is nothing that bkp can prove", util::quoted(key.text())),
      "name a part, a manifest, a signature, a mark, a site file or a page; other objects can be "
      "copied from the store as they are"};
}

/// Twice over the store: what comes out the second time is known to be whole, and is proven again.
void write_part(store::Store& store, const backup::Layout& layout, const backup::Manifest& manifest,
                const backup::Part& part, const seal::Keyring& keys, stream::Sink& out) {
  stream::NullSink nowhere;
  backup::fetch_part(store, layout, manifest, part, keys, nowhere);
  backup::fetch_part(store, layout, manifest, part, keys, out);
}

void write_text(store::Store& store, const store::Key& key, stream::Sink& out) {
  const auto text = store::get_text(store, key);
  if (!text) throw Error{ErrorKind::not_found, util::quoted(key.text()) + " is gone"};
  out.write(std::as_bytes(std::span{*text}));
}

/// An object beside a manifest, or the manifest itself.
void write_of_backup(store::Store& store, const backup::Layout& layout, const std::string& label,
                     const store::Key& key, const run::ReadingKeys& keys, stream::Sink& out) {
  if (key.text().starts_with(layout.marks(label).text() + "/")) {
    const auto mark = backup::read_mark(store, key, label);
    if (!mark) throw unproven(key);
    out.write(std::as_bytes(std::span{*mark}));
    return;
  }
  const auto backup = backup::read_backup(store, layout, label, &keys);
  if (!backup) {
    throw Error{ErrorKind::damaged,
                fmt::format("{} has no manifest to prove it by", util::quoted(key.text())),
                "use the copy on another store (--store), or another backup"};
  }
  if (key == layout.manifest(label) || key == layout.signature(label))
    return write_text(store, key, out);
  const auto& parts = backup->manifest.parts;
  const auto part = std::ranges::find_if(
      parts, [&](const auto& one) { return layout.part(label, one.name) == key; });
  if (part == parts.end()) throw unproven(key);
  const auto keyring = part->encryption == "age" ? keys.keyring() : seal::Keyring{};
  write_part(store, layout, backup->manifest, *part, keyring, out);
}

void write_page(store::Store& store, const store::Key& key, stream::Sink& out) {
  if (const auto damage = report::page_damage(store, key)) {
    throw Error{ErrorKind::damaged, *damage, "`bkp runbook` makes the page of the site anew"};
  }
  write_text(store, key, out);
}

}  // namespace

void define(CLI::App& app, CatOptions& options) {
  app.add_option("KEY", options.key, "the object's name in the store")->required();
  app.add_option("--store", options.store, "the copy on this store")->type_name("NAME");
  define(app, options.keys);
}

cli::Report run(const CatOptions& options, run::Context& context) {
  require_raw_output(context, "the object");
  const store::Key key{options.key};
  const backup::Layout layout{context.config.site};
  const auto named = find_store(options, context, key);
  auto& store = *named.store;
  stream::FdSink out{STDOUT_FILENO, "standard output"};
  cli::Report report;
  stream::ObservingSink meter{out, [&](std::size_t bytes) {
                                context.interrupt.check();
                                report.bytes += bytes;
                              }};
  const auto label = layout.label_of(key.text());
  if (key.name() == page_name) {
    write_page(store, key, meter);
  } else if (!label.empty()) {
    write_of_backup(store, layout, label, key, reading_keys(options.keys, context), meter);
  } else if (key == layout.site_file()) {
    backup::read_site_file(store, layout);
    write_text(store, key, meter);
  } else {
    throw unproven(key);
  }
  meter.finish();
  return report;
}

}  // namespace bkp::command
