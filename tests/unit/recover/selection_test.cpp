#include "recover/selection.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "support/error_of.hpp"
#include "util/error.hpp"

using namespace bkp;
using Strings = std::vector<std::string>;

namespace {

/// A table of contents written by hand, as pg_dump would order it.
class Contents {
 public:
  int add(std::string description, std::string schema, std::string tag,
          std::vector<int> dependencies = {}) {
    pg::ArchiveEntry entry;
    entry.dump_id = static_cast<int>(m_entries.size()) + 1;
    entry.description = std::move(description);
    entry.schema = std::move(schema);
    entry.tag = std::move(tag);
    entry.dependencies = std::move(dependencies);
    m_entries.push_back(std::move(entry));
    return m_entries.back().dump_id;
  }
  const std::vector<pg::ArchiveEntry>& entries() const { return m_entries; }

 private:
  std::vector<pg::ArchiveEntry> m_entries;
};

bool has(const recover::Selection& selection, int id) {
  return std::count(selection.entries.begin(), selection.entries.end(), id) == 1;
}

struct Studio {
  Contents toc;
  int encoding = toc.add("ENCODING", "", "ENCODING");
  int schema = toc.add("SCHEMA", "", "art");
  int schema_acl = toc.add("ACL", "", "SCHEMA art", {schema});
  int type = toc.add("TYPE", "art", "status", {schema});
  int scene = toc.add("TABLE", "art", "scene", {type});
  int scene_comment = toc.add("COMMENT", "art", "TABLE scene", {scene});
  int sequence = toc.add("SEQUENCE", "art", "scene_id_seq", {scene});
  int owned = toc.add("SEQUENCE OWNED BY", "art", "scene_id_seq", {sequence});
  int fallback = toc.add("DEFAULT", "art", "scene id", {sequence, scene});
  int shot = toc.add("TABLE", "art", "shot", {schema});
  int film = toc.add("TABLE", "public", "film");
  int logs = toc.add("TABLE", "public", "log");
  int log_1 = toc.add("TABLE", "public", "log_1");
  int attach = toc.add("TABLE ATTACH", "public", "log_1", {logs, log_1});
  int overview = toc.add("VIEW", "public", "overview", {film, scene});
  int scene_data = toc.add("TABLE DATA", "art", "scene", {scene});
  int shot_data = toc.add("TABLE DATA", "art", "shot", {shot});
  int film_data = toc.add("TABLE DATA", "public", "film", {film});
  int log_data = toc.add("TABLE DATA", "public", "log_1", {log_1});
  int setval = toc.add("SEQUENCE SET", "art", "scene_id_seq", {sequence});
  int scene_key = toc.add("CONSTRAINT", "art", "scene scene_pkey", {scene, scene});
  int film_key = toc.add("CONSTRAINT", "public", "film film_pkey", {film, film});
  int index = toc.add("INDEX", "art", "scene_title", {scene});
  int shot_fk = toc.add("FK CONSTRAINT", "art", "shot shot_scene_fkey", {scene, scene_key, shot});
  int film_fk = toc.add("FK CONSTRAINT", "art", "shot shot_film_fkey", {shot, film_key, film});
};

}  // namespace

TEST_CASE("a table comes with all that is its own and all that it needs, and no more") {
  const Studio s;
  const auto chosen = recover::select_entries(s.toc.entries(), {}, {"art.scene"});
  for (const int id : {s.schema, s.type, s.scene, s.scene_comment, s.sequence, s.owned, s.fallback,
                       s.scene_data, s.setval, s.scene_key, s.index}) {
    INFO(id);
    CHECK(has(chosen, id));
  }
  for (const int id : {s.shot, s.shot_data, s.shot_fk, s.film, s.overview, s.logs}) {
    INFO(id);
    CHECK_FALSE(has(chosen, id));
  }
  CHECK(std::is_sorted(chosen.entries.begin(), chosen.entries.end()));
  CHECK(chosen.tables == Strings{"art.scene"});
  CHECK(chosen.needed_too.empty());
}

TEST_CASE("a foreign key comes where both its tables do") {
  const Studio s;
  const auto both = recover::select_entries(s.toc.entries(), {}, {"scene", "shot"});
  CHECK(has(both, s.shot_fk));
  CHECK_FALSE(has(both, s.film_fk));
  const auto one = recover::select_entries(s.toc.entries(), {}, {"shot"});
  CHECK_FALSE(has(one, s.shot_fk));
}

TEST_CASE("a schema comes whole, with its privileges, without keys to the outside") {
  const Studio s;
  const auto chosen = recover::select_entries(s.toc.entries(), {"art"}, {});
  for (const int id : {s.schema, s.schema_acl, s.type, s.scene, s.shot, s.shot_data, s.shot_fk}) {
    INFO(id);
    CHECK(has(chosen, id));
  }
  CHECK_FALSE(has(chosen, s.film));
  CHECK_FALSE(has(chosen, s.film_fk));
}

TEST_CASE("a view brings the tables it shows, with their rows") {
  const Studio s;
  const auto chosen = recover::select_entries(s.toc.entries(), {}, {"overview"});
  CHECK(has(chosen, s.film_data));
  CHECK(has(chosen, s.scene_data));
  CHECK(chosen.needed_too == Strings{"art.scene", "public.film"});
}

TEST_CASE("partitions follow their table, not the other way round") {
  const Studio s;
  const auto whole = recover::select_entries(s.toc.entries(), {}, {"log"});
  CHECK(has(whole, s.attach));
  CHECK(has(whole, s.log_data));
  const auto one = recover::select_entries(s.toc.entries(), {}, {"log_1"});
  CHECK(has(one, s.log_data));
  CHECK_FALSE(has(one, s.attach));
  CHECK_FALSE(has(one, s.logs));
}

TEST_CASE("a name the archive does not have is not found") {
  const Studio s;
  for (const auto& call :
       {std::pair<Strings, Strings>{{"arts"}, {}}, {{}, {"art.film"}}, {{}, {"*"}}}) {
    const auto error =
        test::error_of([&] { recover::select_entries(s.toc.entries(), call.first, call.second); });
    CHECK(error.kind() == util::ErrorKind::not_found);
  }
}
