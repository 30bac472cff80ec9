#include "physical/local_data.hpp"

#include <cmath>
#include <cstdint>

#include "pg/postmaster_file.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::physical {

using util::Error;
using util::ErrorKind;

std::optional<std::filesystem::path> local_data_directory(run::Context& context,
                                                          pg::Connection& server) {
  const auto& configured = context.config.cluster.data_directory;
  // Whoever names it expects it to be read.
  const auto say = [&](std::string why) {
    if (configured) {
      context.warn("cluster.data_directory: " + std::move(why));
    } else {
      context.log.debug("{}", why);
    }
  };
  try {
    auto data = configured;
    if (!data) data = server.exec("select current_setting('data_directory')").single();
    const auto here = pg::read_postmaster_file(*data);
    const auto there =
        server.exec("select extract(epoch from pg_catalog.pg_postmaster_start_time())::bigint")
            .integer(0, 0);
    // The server rounds the time for one of the two.
    if (here && std::abs(here->started_at - there) <= 2) return data;
    say(util::quoted(data->string()) + " is not the data directory of the server that answers");
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    say("the directory cannot be read: " + error.full_message());
  }
  return std::nullopt;
}

}  // namespace bkp::physical
