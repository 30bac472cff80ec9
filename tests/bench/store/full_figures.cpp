#include "bench/store/full_figures.hpp"

#include <fmt/format.h>

#include "bench/support/cluster_options.hpp"
#include "bench/support/report.hpp"
#include "bench/support/series.hpp"
#include "bench/support/text_database.hpp"
#include "seal/keys.hpp"
#include "support/site.hpp"

namespace bkp::bench {

namespace {

/// A full backup of the database with another configuration than the site's own.
Contender full_with(const test::Site& site, const std::string& name, const std::string& yaml) {
  const auto file = site.directory() / (name + ".yaml");
  test::write_text(file, yaml);
  std::filesystem::permissions(file, std::filesystem::perms::owner_read);
  auto bkp = site.bkp();
  bkp.with_config(file);
  test::output_of(bkp.command({"init"}));
  return {"bkp full, " + name,
          bkp.command({"full", "--db", "text", "-q"}).with_timeout(std::chrono::hours{1})};
}

}  // namespace

void full_figures(const Bench& bench) {
  if (!bench.wants("full")) return;
  test::Site site{"", cluster_options()};
  make_text_database(site.cluster(), "text", bench.bytes());
  print_title(fmt::format(
      "full backup of a database of {}: text and jsonb",
      site.cluster().psql("postgres", "select pg_size_pretty(pg_database_size('text'))")));

  const auto encryption = fmt::format("encryption: {{recipients: [{}]}}\n",
                                      seal::Identity::generate().recipient().text());
  const auto one_store = test::read_text(site.config_file());
  site.add_store("second");
  const auto two_stores = test::read_text(site.config_file());
  const auto figures = measure({full_with(site, "plain, one store", one_store),
                                full_with(site, "plain, two stores", two_stores),
                                full_with(site, "sealed, one store", one_store + encryption),
                                full_with(site, "sealed, two stores", two_stores + encryption)},
                               bench.runs());
  print_table({{figures[0]}, {figures[1]}, {figures[2]}, {figures[3]}});
  print_goal("time of bkp full sealed to two stores / plain to one",
             figures[3].wall_seconds / figures[0].wall_seconds, 1.1);
}

}  // namespace bkp::bench
