#pragma once

#include <memory>
#include <string>

#include "store/s3_options.hpp"
#include "store/sftp_options.hpp"
#include "store/store.hpp"
#include "util/environment.hpp"
#include "util/interrupt.hpp"
#include "util/process.hpp"

namespace bkp::store {

enum class OpenMode {
  existing,  ///< a missing root is an Error{store}: a file system that is not mounted must not be
             ///< mistaken for an empty store
  create,    ///< makes the root (init)
};

/// Where a store is, and how it is reached.
struct Place {
  std::string url;  ///< see url.hpp: file:///PATH, s3://BUCKET/PREFIX, sftp://USER@HOST/PATH
  S3Options s3;
  SftpOptions sftp;
};

/// What stores beyond this host need of the program around them; outlives them.
struct Seams {
  const util::Environment& environment;
  util::ProcessRunner& processes;
  const util::Interrupt& interrupt;
};

/// A scheme there is no store for, or a malformed URL, is Error{config}; credentials that are
/// missing or readable by others are Error{key}; a store that cannot be opened is Error{store}.
std::unique_ptr<Store> open_store(const Place& place, OpenMode mode, const Seams& seams);

}  // namespace bkp::store
