#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "run/context.hpp"
#include "store/store.hpp"
#include "util/error.hpp"
#include "wal/encoding.hpp"
#include "wal/source_file.hpp"

namespace bkp::wal {

/// What became of one file on one store.
struct PushedCopy {
  enum class State {
    stored,  ///< written and flushed now
    there,   ///< the same content was there already
    failed,
    passed_over,  ///< an optional store that failed a moment ago
  };
  std::string store;
  bool required = true;
  State state = State::failed;
  std::optional<util::Error> error;
};
std::string_view to_text(PushedCopy::State state);

struct PushedFile {
  std::string name;
  std::uint64_t original_bytes = 0;
  std::uint64_t stored_bytes = 0;
  bool noted = false;  ///< an earlier run had archived it, and nothing was done
  std::vector<PushedCopy> copies;
  std::optional<util::Error> failure;  ///< it is not archived; else every required store has it
};

/// Archives `path`, with the history of its timeline where that is not archived yet, and, at the
/// same time, the next `wal.push_jobs` files that wait in its
/// archive_status. The first of the result is the one asked for; the others may have failed without
/// harm: the server asks for each of them. An optional store is waited for a few seconds longer
/// than the required ones, and after a failure passed over for a minute. Throws what makes the
/// whole senseless: Error{usage} for a name that is none, Error{refused}, Error{key}. When more
/// waits than was taken along, a run in the background is left at it (push_ahead.hpp).
std::vector<PushedFile> push(run::Context& context, const std::filesystem::path& path);

/// Archives files that the server will ask for later, and notes it. What is noted already, or is
/// not sound, is left out.
std::vector<PushedFile> push_unasked(run::Context& context,
                                     const std::vector<std::filesystem::path>& files);

}  // namespace bkp::wal
