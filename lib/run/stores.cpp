#include "run/stores.hpp"

#include <fmt/format.h>

#include "s3/store.hpp"
#include "sftp/store.hpp"
#include "store/local_store.hpp"
#include "store/url.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::run {

std::unique_ptr<store::Store> open_store(const config::Store& wanted, store::OpenMode mode,
                                         const store::Seams& seams) {
  const auto scheme = store::scheme_of(wanted.url);
  if (scheme == "file") {
    return std::make_unique<store::LocalStore>(store::path_of_file_url(wanted.url),
                                               mode == store::OpenMode::create);
  }
  if (scheme == "s3") {
    static const util::SystemClock clock;
    return std::make_unique<s3::Store>(wanted.url, wanted.s3, seams, clock);
  }
  if (scheme == "sftp") {
    return std::make_unique<sftp::Store>(wanted.url, wanted.sftp, mode, seams);
  }
  constexpr std::string_view hint =
      "write file:///var/backups/bkp, s3://BUCKET/PREFIX or sftp://USER@HOST/PATH";
  if (!scheme) {
    throw util::Error{util::ErrorKind::config,
                      fmt::format("{} is not the URL of a store", util::quoted(wanted.url)),
                      std::string{hint}};
  }
  // The rest of the URL may hold a password.
  throw util::Error{util::ErrorKind::config,
                    fmt::format("this version has no store for {} URLs", util::quoted(*scheme)),
                    std::string{hint}};
}

}  // namespace bkp::run
