#pragma once

#include <string>

#include "store/store.hpp"
#include "wal/decoding.hpp"

namespace bkp::wal {

/// Copies an archived file from one store to another as it is stored; it is an object there only
/// when every byte was proven. Throws Error{damaged} when it is not good or is gone, Error{store}.
void bring(store::Store& from, store::Store& to, const std::string& site, const ArchivedName& name,
           const ArchiveKeys& keys);

}  // namespace bkp::wal
