#include "support/site.hpp"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace bkp::test {

namespace {

/// One line a relation: name, rows, hash of the rows in the order of their text. A partitioned
/// table counts as a whole, because rows of hash partitions over an enum may come back in another
/// partition. Members of extensions are not dumped.
constexpr auto rows_query = R"sql(
set datestyle = iso; set intervalstyle = postgres; set extra_float_digits = 3; set bytea_output = hex;
set timezone = 'UTC'; set row_security = off; set search_path = '';
select format('select %L, count(*), md5(coalesce(string_agg(x::text, chr(10) order by x::text collate "C"), '''')) from %s %I.%I x',
              n.nspname || '.' || c.relname, case c.relkind when 'p' then '' else 'only' end, n.nspname, c.relname)
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'm', 'p') and not c.relispartition and c.relispopulated and n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'
  and c.relpersistence <> 't' and not exists (select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
order by n.nspname collate "C", c.relname collate "C" \gexec
select 'large object', oid, pg_get_userbyid(lomowner), lomacl, md5(lo_get(oid)) from pg_largeobject_metadata order by oid;
select 'sequence', schemaname, sequencename, last_value from pg_sequences order by 2, 3;
)sql";

std::string schema_text(const std::filesystem::path& pg_dump, const Variables& environment) {
  const std::string text =
      output_of(Program{{pg_dump.string(), "--schema-only"}}.with_environment(environment));
  // The key of psql's restricted mode is random.
  std::istringstream lines{text};
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("\\restrict ") && !line.starts_with("\\unrestrict ")) kept += line + "\n";
  }
  return kept;
}

}  // namespace

Site::Site(const std::string& yaml, ClusterOptions options, Owner owner)
    : m_cluster{std::move(options)}, m_owner{owner} {
  if (m_owner == Owner::server) m_cluster.give(m_directory.path());
  write_config(base_config() + yaml);
}

std::string Site::base_config() const {
  const std::string directory = m_directory.path().string();
  return "site: studio\n"
         "cluster:\n"
         "  conninfo: \"" +
         m_cluster.conninfo() +
         "\"\n"
         "  bin_directory: " +
         m_cluster.bin_directory().string() +
         "\n"
         "catalog:\n"
         "  spool_directory: " +
         spool().string() +
         "\n"
         "stores:\n"
         "  - name: local\n"
         "    url: file://" +
         store().string() +
         "\n"
         "recover:\n"
         "  scratch_directory: " +
         directory + "/state/scratch\n";
}

void Site::write_config(const std::string& text) const {
  std::ofstream file{config_file()};
  file << text;
  if (!file.flush()) throw std::runtime_error{"cannot write " + config_file().string()};
  std::filesystem::permissions(
      config_file(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  if (m_owner == Owner::server) m_cluster.give(config_file());
}

void Site::add_store(const std::string& name, bool required) const {
  auto text = read_text(config_file());
  text.insert(text.find("recover:"), "  - name: " + name + "\n    url: file://" +
                                         (directory() / name).string() +
                                         "\n    required: " + (required ? "true" : "false") + "\n");
  write_config(text);
}

InstalledBkp Site::bkp() const {
  InstalledBkp bkp;
  bkp.with_config(config_file());
  return bkp;
}

Outcome Site::run(std::vector<std::string> arguments, const std::string& input) const {
  Program program = command(std::move(arguments));
  if (!input.empty()) program.with_input(input);
  return program.run();
}

Program Site::command(std::vector<std::string> arguments) const {
  return as_owner(bkp().command(std::move(arguments)));
}

Program Site::command_at(const std::string& shift, std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {"faketime", "-f", shift, InstalledBkp::program().string()});
  Program program{std::move(arguments)};
  program.with_variable("BKP_CONFIG", config_file().string()).in_directory("/");
#ifdef __SANITIZE_ADDRESS__
  program.with_variable("ASAN_OPTIONS", "verify_asan_link_order=0");  // faketime's library is first
#endif
  return as_owner(std::move(program));
}

Program Site::as_owner(Program program) const {
  if (m_owner == Owner::server && ::geteuid() == 0) program.as_user(m_cluster.user());
  return program;
}

nlohmann::json Site::json(std::vector<std::string> arguments) const {
  arguments.push_back("--json");
  const Outcome outcome = run(std::move(arguments));
  try {
    return nlohmann::json::parse(outcome.out);
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error{std::string{error.what()} + "\n" + outcome.describe()};
  }
}

Outcome Site::must(std::vector<std::string> arguments) const {
  Outcome outcome = run(std::move(arguments));
  if (!outcome.succeeded()) throw std::runtime_error{outcome.describe()};
  return outcome;
}

std::string Site::make_identity(const std::filesystem::path& file) const {
  const auto text = must({"key", "generate", "--out", file.string()}).out;
  const auto begin = text.find("age1");
  return text.substr(begin,
                     text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz", begin) - begin);
}

std::string Site::back_up(const std::string& database) const {
  const auto report = json({"full", "--db", database});
  if (report.at("status") != "ok") throw std::runtime_error{report.dump(1)};
  return report.at("result").at("backups").at(0).at("label");
}

void hold_restores_of(const Cluster& cluster, const std::string& database) {
  cluster.psql(database,
               "create function hold() returns bool language sql as "
               "'select pg_catalog.pg_sleep(600); select true';"
               "create table held (i int constraint held_check check (current_database() = " +
                   sql_literal(database) + " or hold())); insert into held values (1)");
}

void make_full_disk_elsewhere(const Cluster& cluster, const std::string& database) {
  cluster.psql(database,
               "create function full_disk() returns bool language plpgsql as "
               "$$begin raise exception 'could not extend file' using errcode = '53100'; end$$;"
               "create table big (i int check (current_database() = " +
                   sql_literal(database) + " or full_disk())); insert into big values (1)");
}

std::string database_digest(const Cluster& cluster, const std::string& database,
                            const std::filesystem::path& socket) {
  auto environment = cluster.environment(database);
  if (!socket.empty()) {
    environment["PGHOST"] = socket.string();
    environment["PGPORT"] = "5432";
  }
  Program psql{{(cluster.client_directory() / "psql").string(), "-XAtq", "--set=ON_ERROR_STOP=1"}};
  psql.with_environment(environment).with_input(rows_query).with_timeout(std::chrono::minutes{5});
  return schema_text(cluster.client_directory() / "pg_dump", environment) + output_of(psql);
}

}  // namespace bkp::test
