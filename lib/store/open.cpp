#include "store/open.hpp"

#include <fmt/format.h>

#include "store/local_store.hpp"
#include "store/s3_store.hpp"
#include "store/sftp_store.hpp"
#include "store/url.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::store {

std::unique_ptr<Store> open_store(const Place& place, OpenMode mode, const Seams& seams) {
  const auto scheme = scheme_of(place.url);
  if (scheme == "file") {
    return std::make_unique<LocalStore>(path_of_file_url(place.url), mode == OpenMode::create);
  }
  if (scheme == "s3") {
    static const util::SystemClock clock;
    return std::make_unique<S3Store>(place, seams, clock);
  }
  if (scheme == "sftp") return std::make_unique<SftpStore>(place.url, place.sftp, mode, seams);
  constexpr std::string_view hint =
      "write file:///var/backups/bkp, s3://BUCKET/PREFIX or sftp://USER@HOST/PATH";
  if (!scheme) {
    throw util::Error{util::ErrorKind::config,
                      fmt::format("{} is not the URL of a store", util::quoted(place.url)),
                      std::string{hint}};
  }
  // The rest of the URL may hold a password.
  throw util::Error{util::ErrorKind::config,
                    fmt::format("this version has no store for {} URLs", util::quoted(*scheme)),
                    std::string{hint}};
}

}  // namespace bkp::store
