#pragma once

#include "store/store.hpp"
#include "wal/encoding.hpp"

namespace bkp::wal {

/// Writes one encoded file to one store, durable when this returns. True when it was written, false
/// when the same content was there already. A copy that says it is the same and is damaged is
/// replaced. Throws Error{damaged} when something else is there.
bool put(store::Store& store, const EncodedFile& file, Sealing sealing);

}  // namespace bkp::wal
