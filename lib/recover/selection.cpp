#include "recover/selection.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::recover {

namespace {

using pg::ArchiveEntry;

bool is_one_of(std::string_view kind, std::initializer_list<std::string_view> kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

bool is_relation(const ArchiveEntry& entry) {
  return is_one_of(entry.description,
                   {"TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "SEQUENCE"});
}

/// Entries that are nothing without the object they depend on, and go where it goes.
bool belongs_to_another(const ArchiveEntry& entry) {
  return is_one_of(entry.description,
                   {"TABLE DATA", "MATERIALIZED VIEW DATA", "SEQUENCE SET", "SEQUENCE OWNED BY",
                    "SEQUENCE", "DEFAULT", "CONSTRAINT", "CHECK CONSTRAINT", "INDEX",
                    "INDEX ATTACH", "STATISTICS", "TRIGGER", "RULE", "POLICY", "ROW SECURITY",
                    "ACL", "COMMENT", "SECURITY LABEL", "DEFAULT ACL"});
}

/// Links between two tables: they come only where both ends do.
bool links_two(const ArchiveEntry& entry) {
  return is_one_of(entry.description, {"FK CONSTRAINT", "INDEX ATTACH"});
}

class Selector {
 public:
  explicit Selector(const std::vector<ArchiveEntry>& entries) : m_entries{entries} {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      m_index.emplace(entries[i].dump_id, i);
      if (entries[i].description == "SCHEMA") m_schemas.emplace(entries[i].tag, &entries[i]);
    }
  }

  void choose_schema(const std::string& name) {
    bool found = false;
    for (const auto& entry : m_entries) {
      const bool inside = entry.schema == name && !links_two(entry);
      if (!inside && !(entry.description == "SCHEMA" && entry.tag == name)) continue;
      if (is_relation(entry)) m_named.insert(entry.dump_id);
      add(entry);
      found = true;
    }
    if (!found) throw missing("schema", name);
  }

  void choose_table(const std::string& name) {
    bool found = false;
    for (const auto& entry : m_entries) {
      if (!is_relation(entry) || (entry.tag != name && entry.schema + "." + entry.tag != name)) {
        continue;
      }
      m_named.insert(entry.dump_id);
      add(entry);
      found = true;
    }
    if (!found) throw missing("table", name);
  }

  /// Adds what belongs to the chosen until nothing new comes.
  Selection finish() {
    // What uses an extension's operators or types does not say so in the table of contents.
    for (const auto& entry : m_entries) {
      if (entry.description == "EXTENSION") add(entry);
    }
    std::size_t before = 0;
    do {
      before = m_chosen.size();
      for (const auto& entry : m_entries) add_if_belongs(entry);
    } while (m_chosen.size() != before);
    for (const auto& entry : m_entries) {
      if (links_two(entry) && all_relations_chosen(entry)) add(entry);
    }
    return result();
  }

 private:
  static util::Error missing(std::string_view kind, const std::string& name) {
    return {util::ErrorKind::not_found,
            fmt::format("the backup has no {} {}", kind, util::quoted(name)),
            "names are written as they are, without quotes; a table may be written schema.table"};
  }

  const ArchiveEntry* find(int id) const {
    const auto found = m_index.find(id);
    return found == m_index.end() ? nullptr : &m_entries[found->second];
  }

  /// With everything it depends on.
  void add(const ArchiveEntry& entry) {
    std::vector<const ArchiveEntry*> open{&entry};
    while (!open.empty()) {
      const ArchiveEntry& next = *open.back();
      open.pop_back();
      if (!m_chosen.insert(next.dump_id).second) continue;
      for (const int id : next.dependencies) {
        if (const auto* dependency = find(id)) open.push_back(dependency);
      }
      // Few entries name their schema as a dependency.
      const auto schema = m_schemas.find(next.schema);
      if (schema != m_schemas.end()) open.push_back(schema->second);
    }
  }

  void add_if_belongs(const ArchiveEntry& entry) {
    if (m_chosen.contains(entry.dump_id) || links_two(entry)) return;
    if (entry.description == "TABLE ATTACH") {
      if (attaches_to_chosen(entry)) add(entry);
      return;
    }
    if (!belongs_to_another(entry)) return;
    const bool owner_chosen =
        std::any_of(entry.dependencies.begin(), entry.dependencies.end(), [&](int id) {
          const auto* dependency = find(id);
          return dependency != nullptr && m_chosen.contains(id) && belongs_here(entry, *dependency);
        });
    if (owner_chosen) add(entry);
  }

  /// Not everything that depends on a chosen schema, type or function belongs to it.
  static bool belongs_here(const ArchiveEntry& entry, const ArchiveEntry& owner) {
    if (is_one_of(entry.description, {"ACL", "COMMENT", "SECURITY LABEL"})) return true;
    if (entry.description == "DEFAULT ACL") return owner.description == "SCHEMA";
    if (entry.description == "DEFAULT" || entry.description == "TRIGGER" ||
        entry.description == "POLICY") {
      return is_relation(owner) && owner.description != "SEQUENCE" &&
             owner.schema == entry.schema && entry.tag.starts_with(owner.tag + " ");
    }
    return is_relation(owner) || is_one_of(owner.description, {"INDEX", "CONSTRAINT"});
  }

  /// A partition follows the table it is a partition of, not the other way round.
  bool attaches_to_chosen(const ArchiveEntry& entry) const {
    return std::any_of(entry.dependencies.begin(), entry.dependencies.end(), [&](int id) {
      const auto* table = find(id);
      const bool is_partition =
          table != nullptr && table->tag == entry.tag && table->schema == entry.schema;
      return table != nullptr && !is_partition && is_relation(*table) && m_chosen.contains(id);
    });
  }

  bool all_relations_chosen(const ArchiveEntry& entry) const {
    return std::all_of(entry.dependencies.begin(), entry.dependencies.end(),
                       [&](int id) { return find(id) == nullptr || m_chosen.contains(id); });
  }

  Selection result() const {
    Selection selection;
    std::set<std::string> named;
    for (const auto& entry : m_entries) {
      if (m_named.contains(entry.dump_id)) named.insert(entry.schema + "." + entry.tag);
      if (m_chosen.contains(entry.dump_id)) selection.entries.push_back(entry.dump_id);
      if (m_chosen.contains(entry.dump_id) && entry.description == "TABLE DATA") {
        selection.tables.push_back(entry.schema + "." + entry.tag);
      }
    }
    std::sort(selection.tables.begin(), selection.tables.end());
    std::set_difference(selection.tables.begin(), selection.tables.end(), named.begin(),
                        named.end(), std::back_inserter(selection.needed_too));
    return selection;
  }

  const std::vector<ArchiveEntry>& m_entries;
  std::unordered_map<int, std::size_t> m_index;
  std::unordered_map<std::string, const ArchiveEntry*> m_schemas;
  std::set<int> m_chosen;
  std::set<int> m_named;
};

}  // namespace

Selection select_entries(const std::vector<ArchiveEntry>& entries,
                         const std::vector<std::string>& schemas,
                         const std::vector<std::string>& tables) {
  Selector selector{entries};
  for (const auto& schema : schemas) selector.choose_schema(schema);
  for (const auto& table : tables) selector.choose_table(table);
  return selector.finish();
}

}  // namespace bkp::recover
