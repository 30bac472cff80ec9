#pragma once

#include <filesystem>
#include <string>

#include "support/site.hpp"
#include "util/files.hpp"

namespace bkp::test {

/// A site with a database "x121" of a studio's tables, hook scripts and a file of secrets, all of
/// which are sections of its configuration export. Not initialised.
class ExportingSite : public Site {
 public:
  explicit ExportingSite(const std::string& yaml = {}) {
    write_config(base_config() + sections() + yaml);
    cluster().create_database("x121");
    cluster().psql("x121", R"(
      create table workflows (id bigint generated always as identity primary key,
        name text not null, graph jsonb not null, rate numeric(10, 2), at timestamptz,
        size integer generated always as (length(name)) stored);
      insert into workflows (name, graph, rate, at) values
        ('denoise', '{"steps": [1, 2]}', 1.50, '2026-01-02 03:04:05+02'),
        ('grade', '{"b": 1, "a": 2}', null, null), ('éclair', '{}', 0.1, '2026-06-01 00:00:00Z');
      create table roles (name text primary key, note text);
      create table grants (role text references roles, what text, primary key (role, what));
      insert into roles values ('artist', 'draws'), ('lead', null);
      insert into grants values ('artist', 'read'), ('lead', 'read'), ('lead', 'write');
      create table notes (n int);
      insert into notes values (1), (2), (2);
      create table users (id int primary key, name text, api_token text);
      insert into users values (1, 'ada', 'tok-1-abcdefgh'), (2, 'bob', 'tok-2-abcdefgh'))");
    std::filesystem::create_directories(studio() / "hooks/cache");
    util::write_file_atomically(studio() / "hooks/on_render.py", "print('rendered')\n", 0750);
    util::write_file_atomically(studio() / "hooks/on_save.py", "print('saved')\n", 0640);
    util::write_file_atomically(studio() / "hooks/on_save.pyc", "bytes", 0640);
    util::write_file_atomically(studio() / "hooks/cache/x", "cached", 0640);
    std::filesystem::create_symlink("on_save.py", studio() / "hooks/link.py");
    util::write_file_atomically(studio() / ".env", "NAME=studio\nDB_PASSWORD=s3cret-word\n# end\n");
  }

  std::filesystem::path studio() const { return directory() / "studio"; }
  std::string psql(const std::string& sql) { return cluster().psql("x121", sql); }

  std::string sections() const {
    const auto at = studio().string();
    return "config_export:\n  sections:\n"
           "    - {name: workflows, database: x121, sql: \"select * from workflows order by id\"}\n"
           "    - {name: rbac, database: x121, tables: [grants, public.roles]}\n"
           "    - {name: hooks, files: [\"" +
           at + "/hooks/**\"], exclude: [\"*.pyc\", cache]}\n    - {name: env, files: [" + at +
           "/.env], secret: redact}\n"
           "    - {name: users, database: x121, tables: [users], secret: redact}\n"
           "    - {name: tools, command: [uname, -s]}\n";
  }
};

}  // namespace bkp::test
