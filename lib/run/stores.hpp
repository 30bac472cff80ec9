#pragma once

#include <memory>

#include "config/config.hpp"
#include "store/opening.hpp"
#include "store/store.hpp"

namespace bkp::run {

/// The store at the URL of `wanted`: file:///PATH, s3://BUCKET/PREFIX or sftp://USER@HOST/PATH. A
/// scheme there is no store for, or a malformed URL, is Error{config}; credentials that are missing
/// or readable by others are Error{key}; a store that cannot be opened is Error{store}.
std::unique_ptr<store::Store> open_store(const config::Store& wanted, store::OpenMode mode,
                                         const store::Seams& seams);

}  // namespace bkp::run
