#include "physical/local_data.hpp"

#include <cmath>
#include <cstdint>

#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::physical {

using util::Error;
using util::ErrorKind;

namespace {

/// Seconds since 1970 at which the postmaster of this directory was started; its postmaster.pid,
/// src/include/utils/pidfile.h.
std::optional<std::int64_t> started_at(const std::filesystem::path& data) {
  constexpr std::size_t line_of_time = 2;
  const auto text = util::read_file(data / "postmaster.pid", 4096);
  if (!text) return std::nullopt;
  const auto lines = util::split_lines(*text);
  if (lines.size() <= line_of_time) return std::nullopt;
  return std::strtoll(std::string{lines[line_of_time]}.c_str(), nullptr, 10);
}

}  // namespace

std::optional<std::filesystem::path> local_data_directory(const run::Context& context,
                                                          pg::Connection& server) {
  try {
    auto data = context.config.cluster.data_directory;
    if (!data) data = server.exec("select current_setting('data_directory')").single();
    const auto here = started_at(*data);
    const auto there =
        server.exec("select extract(epoch from pg_catalog.pg_postmaster_start_time())::bigint")
            .integer(0, 0);
    // The server rounds the time for one of the two.
    if (here && std::abs(*here - there) <= 2) return data;
    context.log.debug("{} is not the data directory of the server that answers",
                      util::quoted(data->string()));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    context.log.debug("the data directory cannot be read: {}", error.full_message());
  }
  return std::nullopt;
}

}  // namespace bkp::physical
