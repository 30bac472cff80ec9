#include "backup/debris.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "backup/marks.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

namespace {

using Objects = std::vector<store::ObjectInfo>;

std::map<std::string, Objects> objects_by_label(store::Store& store, const Layout& layout) {
  std::map<std::string, Objects> result;
  for (auto& object : store.list(layout.backups())) {
    const auto label = layout.label_of(object.key);
    if (is_label(label)) result[label].push_back(std::move(object));
  }
  return result;
}

bool has(const Objects& objects, const store::Key& key) {
  return std::ranges::find(objects, key.text(), &store::ObjectInfo::key) != objects.end();
}

/// The manifest first, marks of pruning last. Adds what is gone to `removed`, stage by stage.
void remove_in_order(store::Store& store, const Objects& objects, const store::Key& manifest,
                     RemovedObjects& removed) {
  std::array<Objects, 3> stages;
  for (const auto& object : objects) {
    const std::size_t stage = object.key == manifest.text() ? 0
                              : is_pruned_mark(object.key)  ? 2
                                                            : 1;
    stages.at(stage).push_back(object);
  }
  for (const auto& stage : stages) {
    std::vector<store::Key> keys;
    for (const auto& object : stage) keys.emplace_back(object.key);
    store.remove_all(keys);
    if (&stage == &stages.back()) break;
    for (const auto& object : stage) removed.bytes += object.size;
    removed.objects += stage.size();
  }
}

std::string why_left(const std::string& label, Remains remains, const store::Store& store) {
  const auto what = fmt::format("{} on {} has no manifest", util::printable(label), store.url());
  if (remains == Remains::of_a_backup) {
    return what +
           ", though the catalog has it for a good backup there: its other objects are left "
           "as they are; `bkp copy` puts the manifest back from another copy, or `bkp verify` "
           "notes the loss";
  }
  return what +
         " and is in no run's record: it is left alone; remove it if nobody is copying it "
         "there";
}

}  // namespace

Remains judge_remains(const std::optional<catalog::BackupRecord>& known, const std::string& store) {
  namespace status = catalog::status;
  if (!known || known->status == status::running) return Remains::of_nobody;
  if (!known->good()) return Remains::of_a_run;
  const auto* copy = known->copy_on(store);
  if (copy == nullptr) return Remains::of_nobody;
  return copy->state == status::completed ? Remains::of_a_backup : Remains::of_a_run;
}

namespace {

Remains judged(const Objects& objects, const std::string& label, const Judge& judge) {
  const bool pruned =
      std::ranges::any_of(objects, [](const auto& object) { return is_pruned_mark(object.key); });
  return pruned ? Remains::of_a_run : judge(label);
}

}  // namespace

std::vector<std::string> foresee_clearing(store::Store& store, const Layout& layout,
                                          const std::vector<std::string>& labels,
                                          const Judge& judge) {
  std::vector<std::string> result;
  for (const auto& label : labels) {
    const auto objects = store.list(layout.backup(label));
    if (!objects.empty() && judged(objects, label, judge) == Remains::of_a_run)
      result.push_back(label);
  }
  return result;
}

Cleared clear_remains(store::Store& store, const Layout& layout, const Judge& judge) {
  Cleared cleared;
  // Not below wal: the server archives there, whoever holds the lock.
  for (const auto& place : {layout.backups(), layout.runbook_directory()}) {
    auto removed = store.remove_unfinished(place, store::whenever);
    std::ranges::move(removed, std::back_inserter(cleared.unfinished));
  }
  for (auto& [label, objects] : objects_by_label(store, layout)) {
    const auto manifest = layout.manifest(label);
    if (has(objects, manifest)) continue;
    if (const auto remains = judged(objects, label, judge); remains != Remains::of_a_run) {
      cleared.left.push_back(why_left(label, remains, store));
      continue;
    }
    RemovedObjects ignored;
    remove_in_order(store, objects, manifest, ignored);
    cleared.removed.push_back(label);
  }
  return cleared;
}

void remove_objects(store::Store& store, const Layout& layout, const std::string& label,
                    RemovedObjects& removed) {
  remove_in_order(store, store.list(layout.backup(label)), layout.manifest(label), removed);
}

void remove_backup(store::Store& store, const Layout& layout, const std::string& label,
                   util::Time now, RemovedObjects& removed) {
  try {
    write_mark(store, layout, label, pruned_kind, now, nlohmann::json::object());
  } catch (const util::Error& error) {
    if (error.kind() != util::ErrorKind::store) throw;
  }
  remove_objects(store, layout, label, removed);
}

}  // namespace bkp::backup
