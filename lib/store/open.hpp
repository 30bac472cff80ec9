#pragma once

#include <memory>
#include <string_view>

#include "store/store.hpp"

namespace bkp::store {

enum class OpenMode {
  existing,  ///< a missing root is an Error{store}: a file system that is not mounted must not be
             ///< mistaken for an empty store
  create,    ///< makes the root (init)
};

/// A store from its URL: "file:///absolute/path" (see url.hpp). A scheme this version has no store
/// for, or a malformed URL, is Error{config}; a store that cannot be opened is Error{store}.
std::unique_ptr<Store> open_store(std::string_view url, OpenMode mode);

}  // namespace bkp::store
